// SPDX-License-Identifier: Apache-2.0
//
// How the page looks: pictures, its width, on paper, and to people who do not see it well.
'use strict'
const fs = require('node:fs')
const path = require('node:path')
const { execFileSync } = require('node:child_process')
const axe = require('axe-core')
const { widths, schemes } = require('./browser')

// tallest is how many pixels of a page a picture has.
const tallest = 8000

// pictures puts one of each width and scheme into a directory, and fails if the page can be
// scrolled sideways.
async function pictures(opened, name, to) {
  const files = []
  for (const width of widths) {
    for (const scheme of schemes) {
      await opened.look(width, scheme)
      await fits(opened, width)
      const file = path.join(to, `${name}-${width}-${scheme}.png`)
      await whole(opened, width)
      await opened.page.screenshot({ path: file })
      files.push(path.basename(file))
    }
  }
  return files.join(' ')
}

// whole makes the window as high as the page: what was never in view is not in a picture.
async function whole(opened, width) {
  const height = await opened.page.evaluate(() => document.documentElement.scrollHeight)
  await opened.page.setViewport({ width, height: Math.min(height, tallest) })
  await opened.frame()
}

// fits fails if the page is wider than its window, and names what sticks out.
async function fits(opened, width) {
  const { page, wide } = await opened.page.evaluate(() => {
    const shown = document.documentElement.clientWidth
    const scrolls = e => e && (getComputedStyle(e).overflowX !== 'visible' || scrolls(e.parentElement))
    const wide = [...document.body.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > shown + 1 && !scrolls(e.parentElement))
    return { page: document.documentElement.scrollWidth - shown, wide: wide.slice(0, 5).map(e => e.outerHTML.slice(0, 120)) }
  })
  if (page > 0) throw new Error(`at ${width} px the page scrolls sideways by ${page} px: ${wide.join(' | ')}`)
}

// paper prints the page, and fails unless each of the texts is on paper.
async function paper(opened, name, to, texts) {
  const file = path.join(to, `${name}.pdf`)
  await opened.page.pdf({ path: file, format: 'A4', margin: { top: '1cm', right: '1cm', bottom: '1cm', left: '1cm' } })
  const squeezed = text => text.replace(/\s+/g, '')
  const printed = squeezed(execFileSync('pdftotext', ['-raw', file, '-'], { encoding: 'utf8', maxBuffer: 1 << 28 }))
  const missing = texts.filter(text => !printed.includes(squeezed(text)))
  if (missing.length) throw new Error(`not on paper: ${missing.slice(0, 5).join(' | ')}`)
  const pages = execFileSync('pdfinfo', [file], { encoding: 'utf8' }).match(/Pages:\s+(\d+)/)[1]
  return `${texts.length} texts on ${pages} pages, ${Math.round(fs.statSync(file).size / 1024)} KB`
}

// access runs every rule of axe-core, and fails if one finds something.
async function access(opened) {
  await opened.page.evaluate(axe.source)
  const { violations, passes } = await opened.page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }))
  if (violations.length) {
    throw new Error('axe-core: ' + violations.map(v => `${v.id} (${v.impact}): ${v.help}, ${v.nodes.length} times, such as ` +
      v.nodes.slice(0, 2).map(n => `${n.html.slice(0, 200)}: ${n.failureSummary.replace(/\s+/g, ' ')}`).join(' and ')).join('\n  '))
  }
  return passes.length
}

module.exports = { pictures, fits, paper, access }
