// SPDX-License-Identifier: Apache-2.0
//
// A real browser that has no network, and what it says about a page.
'use strict'
const { pathToFileURL } = require('node:url')
const puppeteer = require('puppeteer-core')

const schemes = ['light', 'dark']
const widths = [1280, 400]

// launch starts the browser. As root, Chromium runs only without its sandbox; what it opens
// here are files of ours, in a network namespace without interfaces.
const launch = () => puppeteer.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  pipe: true,
  protocolTimeout: 60000,
  args: ['--no-sandbox', '--disable-gpu', '--disable-component-update', '--disable-background-networking'],
})

// An Opened is a page and what went wrong in it so far: each request but that of the file
// itself, each message, error and dialog, and each thing that the browser would tell its author.
class Opened {
  constructor(page, url, script) {
    Object.assign(this, { page, url, script, wrongs: [] })
  }

  wrong(kind, text) { this.wrongs.push(`${kind}: ${text}`) }

  async watch() {
    const { page } = this
    await page.setOfflineMode(true)
    await page.setRequestInterception(true)
    page.on('request', request => {
      if (request.url() === this.url && request.isNavigationRequest()) return request.continue()
      this.wrong('request', request.url().slice(0, 200))
      request.abort()
    })
    page.on('console', message => this.wrong(`console ${message.type()}`, message.text()))
    page.on('pageerror', error => this.wrong('error', error.message))
    page.on('error', error => this.wrong('crash', error.message))
    page.on('popup', () => this.wrong('window', 'another one opened'))
    page.on('dialog', dialog => {
      this.wrong('dialog', dialog.message())
      dialog.dismiss()
    })
    const devtools = await page.createCDPSession()
    devtools.on('Audits.issueAdded', ({ issue }) => this.wrong('issue', JSON.stringify(issue).slice(0, 400)))
    await devtools.send('Audits.enable')
  }

  // quiet fails if anything went wrong.
  quiet() {
    if (this.wrongs.length) throw new Error(`${this.url}:\n  ${this.wrongs.slice(0, 5).join('\n  ')}`)
  }

  // look gives the window a width, the page a scheme, and waits for the next frame.
  async look(width, scheme) {
    await this.page.setViewport({ width, height: 800 })
    await this.page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }])
    await this.frame()
  }

  // frame waits for the next frame, which only a page in front has and only a script sees.
  async frame() {
    if (!this.script) return
    await this.page.bringToFront()
    await this.page.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))))
  }

  close() { return this.page.close() }
}

// open opens a file, with script unless the browser is to have none.
async function open(browser, file, { script = true } = {}) {
  const url = pathToFileURL(file).href
  const opened = new Opened(await browser.newPage(), url, script)
  await opened.watch()
  await opened.page.setJavaScriptEnabled(script)
  await opened.page.goto(url, { waitUntil: 'load' })
  return opened
}

module.exports = { launch, open, schemes, widths }
