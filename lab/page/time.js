// SPDX-License-Identifier: Apache-2.0
//
// time.js PAGE HOSTS WRITTEN [strict]: how large a page of so many hosts is, and how long a
// browser takes to open it. WRITTEN is how many milliseconds it took to write, at best. The
// times are only judged if it is strict: a busy machine says nothing about the page.
'use strict'
const fs = require('node:fs')
const { launch, open } = require('./browser')

const runs = 5

// limits is what a page of at most so many hosts may take.
const limits = [
  { hosts: 60, bytes: 1e6, written: 3000, opened: 2000 },
  { hosts: 1000, bytes: 12e6, written: 3000, opened: 2000 },
]

// opening returns the milliseconds from the start of the navigation to the first frame after
// the page was loaded.
async function opening(browser, file) {
  const opened = await open(browser, file)
  await opened.frame()
  const took = await opened.page.evaluate(() => performance.now())
  opened.quiet()
  await opened.close()
  return took
}

async function main(file, hosts, written, strict) {
  const browser = await launch()
  const took = []
  for (let i = 0; i < runs; i++) took.push(await opening(browser, file))
  await browser.close()
  const is = { bytes: fs.statSync(file).size, written, opened: Math.round(took.sort((a, b) => a - b)[runs >> 1]) }
  console.log(`${hosts} hosts: ${(is.bytes / 1e6).toFixed(2)} MB, written in ${is.written} ms, opened in ${is.opened} ms ` +
    `(median of ${runs}: ${took.map(Math.round).join(' ')})`)
  const most = limits.find(limit => hosts <= limit.hosts) ?? {}
  for (const what of strict ? ['bytes', 'written', 'opened'] : ['bytes']) {
    if (is[what] > most[what]) throw new Error(`${what}: ${is[what]}, at most ${most[what]}`)
  }
}

const [file, hosts, written, strict] = process.argv.slice(2)
main(file, Number(hosts), Number(written), strict === 'strict').catch(error => {
  console.error(`browser: ${error.message}`)
  process.exit(1)
})
