// SPDX-License-Identifier: Apache-2.0
//
// check.js REPORTS PICTURES: checks the pages NAME.html in REPORTS against NAME.json, one line
// for each check. PICTURES gets the pictures and the prints.
'use strict'
const fs = require('node:fs')
const path = require('node:path')
const { launch, open, schemes, widths } = require('./browser')
const { pictures, fits, paper, access } = require('./look')
const { compare } = require('./hostile')
const use = require('./use')

const [reports, to] = process.argv.slice(2)
const names = ['network', 'joined', 'plain', 'hostile']
const page = name => path.join(reports, `${name}.html`)
const report = name => JSON.parse(fs.readFileSync(path.join(reports, `${name}.json`)))

// onPage runs a check on a page of its own, which must have nothing to complain about.
async function onPage(browser, name, options, check) {
  const opened = await open(browser, page(name), options)
  try {
    await opened.look(widths[0], schemes[0])
    const saw = await check(opened, report(name))
    opened.quiet()
    return saw
  } finally {
    await opened.close()
  }
}

// accessible runs axe-core in each look, with everything closed and open.
async function accessible(opened, looks) {
  let rules = 0
  for (const prepare of [async () => {}, use.openAll]) {
    await prepare(opened)
    for (const [width, scheme] of looks) {
      await opened.look(width, scheme)
      await fits(opened, width)
      rules += await access(opened)
    }
  }
  return `nothing found by axe-core, closed and open, ${looks.map(look => look.join(' ')).join(', ')}; ${rules} rules passed in all`
}
const everyLook = widths.flatMap(width => schemes.map(scheme => [width, scheme]))

// attacked uses the page of the hostile report, and the other one in the same way.
async function attacked(browser) {
  return onPage(browser, 'plain', {}, plain => onPage(browser, 'hostile', {}, async hostile => {
    await compare(plain, hostile)
    for (const opened of [plain, hostile]) await use.everything(opened)
    await compare(plain, hostile)
    return 'the hostile page has the elements of the plain one, before and after it was used; nothing ran'
  }))
}

// printed is the texts of a report that must be on paper.
const printed = ({ hosts, results }) => [
  ...hosts.map(h => h.answer),
  ...results.filter(r => r.grade === 'fail').flatMap(r => (r.findings ?? []).filter(f => f.weight === 'fail').map(f => f.text)),
]

const checks = {
  'the file alone': b => onPage(b, 'network', {}, () => 'opened without a network; no request, message, error or violation of the policy, here and in every check below'),
  'filter by grade': b => onPage(b, 'network', {}, use.filterByGrade),
  'filter by host': b => onPage(b, 'network', {}, use.filterByHost),
  'filter by service': b => onPage(b, 'network', {}, use.filterByService),
  'filter by site': b => onPage(b, 'plain', {}, use.filterBySite),
  'search': b => onPage(b, 'network', {}, use.search),
  'sort': b => onPage(b, 'network', {}, use.sort),
  'open a cell': b => onPage(b, 'network', {}, use.openCell),
  'keyboard': b => onPage(b, 'network', {}, use.keyboard),
  ...Object.fromEntries(names.map(n => [`every row, ${n}`, b => onPage(b, n, {}, use.everyRow)])),
  ...Object.fromEntries(names.map(n => [`every row without script, ${n}`, b => onPage(b, n, { script: false }, use.everyRow)])),
  ...Object.fromEntries(names.map(n => [`on paper, ${n}`, b => onPage(b, n, {}, (o, r) => paper(o, n, to, n === 'hostile' ? [] : printed(r)))])),
  ...Object.fromEntries(names.map(n => [`pictures, ${n}`, b => onPage(b, n, {}, o => pictures(o, n, to))])),
  'accessible, network': b => onPage(b, 'network', {}, o => accessible(o, everyLook)),
  'accessible, joined': b => onPage(b, 'joined', {}, o => accessible(o, everyLook)),
  'accessible, plain': b => onPage(b, 'plain', {}, o => accessible(o, [[400, 'dark']])),
  'attacks': attacked,
}

async function main() {
  const browser = await launch()
  let failed = 0
  console.log(await browser.version())
  for (const [name, check] of Object.entries(checks)) {
    const began = performance.now()
    try {
      const saw = await check(browser)
      console.log(`${name}: ${saw} (${((performance.now() - began) / 1000).toFixed(1)} s)`)
    } catch (error) {
      failed++
      console.error(`browser: ${name}: ${error.message}`)
    }
  }
  await browser.close()
  if (failed) process.exitCode = 1
}

main()
