// SPDX-License-Identifier: Apache-2.0
//
// Uses the page as a person does, and compares what it shows with the JSON of the report.
'use strict'
const words = ['fail', 'warn', 'unknown', 'pass']
const labelled = (name, role) => `::-p-aria([name="${name}"][role="${role}"])`
const hostField = labelled('Host', 'searchbox')
const serviceField = labelled('Service', 'combobox')
const searchField = labelled('Search everything', 'searchbox')

const equal = (what, is, wanted) => {
  if (JSON.stringify(is) !== JSON.stringify(wanted)) throw new Error(`${what}: ${JSON.stringify(is)} instead of ${JSON.stringify(wanted)}`)
}
const sameHosts = (what, is, wanted) => equal(what, [...is].sort(), [...wanted].sort())
const squeezed = text => text.replace(/\s+/g, '')
const portText = r => r.port ? `${r.port}/${r.network}` : r.parent ? 'rpc' : `-/${r.network}`

// called is what the page calls a host: in a joined report, with the run that saw it.
const called = (report, h) => h.run ? `${h.host} from ${report.runs[h.run - 1].name}` : h.host
const resultsOf = (report, h) => report.results.filter(r => r.host === h.host && r.run === h.run)
const hosts = report => report.hosts.map(h => called(report, h))
const hostsWith = (report, fits) => report.hosts.filter(h => resultsOf(report, h).some(fits)).map(h => called(report, h))

// sections returns what the page shows of each host and of its rows.
const sections = ({ page }) => page.evaluate(() => {
  const text = e => e.textContent
  return [...document.querySelectorAll('details.h')].map(section => ({
    host: text(section.querySelector('h3')),
    isShown: !section.closest('[hidden]'),
    rows: [...section.querySelectorAll('details.r, div.r')].map(row => {
      const [, port, verdict, services] = [...(row.querySelector('summary') ?? row).children].map(text)
      const listed = row.querySelector('dt')?.textContent === 'Services' ? text(row.querySelector('dd')) : services
      return { port, verdict, services: listed, text: text(row), isShown: !row.closest('[hidden]') }
    }),
  }))
})

// shown returns the hosts that the page shows, in the grid and below it.
async function shown(opened) {
  const below = (await sections(opened)).filter(s => s.isShown).map(s => s.host)
  const inMatrix = await opened.page.$$eval('#grid tbody tr:not([hidden]) th', all => all.map(e => e.textContent))
  equal('hosts in the grid', inMatrix, below)
  const count = await opened.page.$eval('[role=status]', e => e.textContent)
  if (!count.startsWith(`${below.length} of `)) throw new Error(`${below.length} hosts are shown, and the page counts ${count}`)
  return below
}

// reset shows everything again.
async function reset(opened, report) {
  await opened.page.click(labelled('Reset', 'button'))
  sameHosts('hosts after a reset', await shown(opened), hosts(report))
}

async function type(opened, field, text) {
  await opened.page.click(field, { count: 3 })
  await opened.page.keyboard.press('Backspace')
  await opened.page.type(field, text)
}

// everyRow fails unless each result has a row, and each row a result.
async function everyRow(opened, report) {
  const is = await sections(opened)
  sameHosts('hosts', is.map(s => squeezed(s.host)), hosts(report).map(squeezed))
  const used = new Set()
  for (const r of report.results) {
    const { rows } = is.find(s => squeezed(s.host) === squeezed(called(report, r)))
    const fitting = rows.filter(row => row.port === portText(r) && squeezed(row.services).includes(squeezed(r.service)) &&
      (row.verdict === r.verdict || row.verdict === 'no entry'))
    if (!fitting.length) throw new Error(`no row for ${r.service} ${portText(r)} ${r.verdict} of ${r.host}`)
    fitting.forEach(row => used.add(row))
  }
  const rows = is.flatMap(s => s.rows)
  const invented = rows.filter(row => !used.has(row))
  if (invented.length) throw new Error(`no result for the row ${JSON.stringify(invented[0])}`)
  return `${report.results.length} results of ${is.length} hosts in ${rows.length} rows, none missing, none beyond them`
}

// filterByGrade leaves one grade after the other. A care that is pass says nothing.
async function filterByGrade(opened, report) {
  const saw = []
  for (const only of words) {
    await reset(opened, report)
    for (const other of words.filter(w => w !== only)) await opened.page.click(labelled(other, 'checkbox'))
    const those = await shown(opened)
    sameHosts(`hosts with ${only}`, those, hostsWith(report, r => r.grade === only || (r.care === only && only !== 'pass')))
    saw.push(`${only} ${those.length}`)
  }
  return `hosts shown: ${saw.join(', ')}`
}

async function filterByHost(opened, report) {
  const host = hosts(report).at(-1)
  await type(opened, hostField, host.toUpperCase())
  sameHosts('hosts', await shown(opened), [host])
  await type(opened, hostField, 'no such host')
  sameHosts('hosts', await shown(opened), [])
  await reset(opened, report)
  return `${host} alone, and nothing where no host fits`
}

// filterByService chooses every service.
async function filterByService(opened, report) {
  const options = await opened.page.$$eval('#service option', all => all.map(o => ({ text: o.text, value: o.value })))
  for (const { text, value } of options.slice(1)) {
    await opened.page.select('#service', value)
    const fits = r => text.trim() === (r.parent ? r.service : `${r.service} ${portText(r)}`)
    sameHosts(`hosts with ${text}`, await shown(opened), hostsWith(report, fits))
    const service = report.results.find(fits).service
    const rows = (await sections(opened)).flatMap(s => s.rows.filter(row => row.isShown))
    const strange = rows.filter(row => !row.services.includes(service) && !rows.some(inner => row !== inner && row.text.includes(inner.text)))
    if (!rows.length || strange.length) throw new Error(`${text}: shows ${JSON.stringify(strange[0])}`)
  }
  await opened.page.waitForSelector(serviceField)
  await reset(opened, report)
  return `${options.length - 1} services, each with its hosts and rows`
}

// filterBySite chooses every site.
async function filterBySite(opened, report) {
  const sites = await opened.page.$$eval('#site option', all => all.map(o => o.value))
  for (const site of sites.slice(1)) {
    await opened.page.select('#site', site)
    sameHosts(`hosts of ${site}`, await shown(opened), hostsWith(report, r => r.site === site))
  }
  await reset(opened, report)
  return `${sites.length - 1} sites, each with its hosts`
}

// search looks for what a finding says, in other letters.
async function search(opened, report) {
  const [{ text }] = report.results.find(r => r.grade === 'fail' && r.findings).findings
  const word = text.split('.')[0]
  await type(opened, searchField, word.toUpperCase())
  sameHosts(`hosts with ${word}`, await shown(opened), hostsWith(report, r => r.findings?.some(f => f.text.includes(word))))
  await type(opened, searchField, 'no such word')
  sameHosts('hosts', await shown(opened), [])
  await reset(opened, report)
  return `"${word}" is found, "no such word" is not`
}

// sort sorts the grid by its first two columns, both ways.
async function sort(opened, report) {
  const order = () => opened.page.$$eval('#grid tbody tr', rows => rows.map(r => [r.cells[0].textContent, r.cells[1].textContent.replace('!', '')]))
  const press = name => opened.page.click(`#grid ${labelled(name, 'button')}`)
  const names = hosts(report).sort()
  await press('Host')
  equal('order by host', (await order()).map(([host]) => host), names)
  await press('Host')
  equal('order by host, again', (await order()).map(([host]) => host), [...names].reverse())
  await press('Grade')
  const grades = (await order()).map(([, grade]) => grade)
  equal('order by grade', grades, report.hosts.map(h => h.grade).sort((a, b) => words.indexOf(a) - words.indexOf(b)))
  const marks = await opened.page.$$eval('#grid [aria-sort]', all => all.map(e => `${e.textContent} ${e.ariaSort}`))
  equal('what says how it is sorted', marks, ['Grade descending'])
  return `by host both ways, by grade: ${grades.join(' ')}`
}

// cells returns each cell of the grid that leads somewhere, and the row there.
const cells = ({ page }) => page.evaluate(() => {
  const columns = [...document.querySelectorAll('#grid thead th')].map(th => th.querySelector('span')?.firstChild.textContent.trim())
  return [...document.querySelectorAll('#grid td a')].map(a => {
    const target = document.querySelector(a.hash)
    return {
      host: a.closest('tr').cells[0].textContent, service: columns[a.closest('td').cellIndex], hash: a.hash,
      at: target?.closest('details.h').querySelector('h3').textContent, row: target?.closest('details.r, div.r, .rest')?.textContent,
    }
  })
})

// landed waits until the row that a cell leads to is open and in view.
const landed = (opened, hash) => opened.page.waitForFunction(hash => {
  const row = document.querySelector(hash).closest('details.r, div.r, .rest')
  const { top } = row.getBoundingClientRect()
  for (let e = row; e; e = e.parentElement) if (e.localName === 'details' && !e.open) return false
  return top >= -1 && top < innerHeight
}, { timeout: 5000 }, hash)

// openCell follows the last cell, where the row is far away and closed, and looks where every
// other cell leads.
async function openCell(opened) {
  const all = await cells(opened)
  for (const cell of all) {
    equal(`the host that the cell ${cell.service} leads to`, cell.at, cell.host)
    if (!cell.row?.includes(cell.service)) throw new Error(`the cell ${cell.service} of ${cell.host} leads to ${cell.row}`)
  }
  await opened.page.click(labelled('Close all', 'button'))
  const { hash, host, service } = all.at(-1)
  await opened.page.click(`#grid a[href="${hash}"]`)
  await landed(opened, hash)
  return `${all.length} cells lead to their rows; ${service} of ${host} opened and is in view`
}

// keyboard goes to the first cell with Tab, and opens it with Enter.
async function keyboard(opened) {
  await opened.page.evaluate(() => document.querySelectorAll('details').forEach(d => { d.open = false }))
  for (let tabs = 1; tabs <= 60; tabs++) {
    await opened.page.keyboard.press('Tab')
    const at = await opened.page.evaluate(() => {
      const e = document.activeElement
      const { outlineStyle, outlineWidth } = getComputedStyle(e)
      return { hash: e.closest('#grid td') && e.hash, name: e.textContent.trim(), isMarked: outlineStyle !== 'none' && outlineWidth !== '0px' }
    })
    if (!at.isMarked) throw new Error(`nothing shows that ${at.name} has the focus`)
    if (!at.hash) continue
    await opened.page.keyboard.press('Enter')
    await landed(opened, at.hash)
    return `the first cell after ${tabs} tabs, each with a mark; Enter opens its row`
  }
  throw new Error('no cell within 60 tabs')
}

const openAll = opened => opened.page.click(labelled('Open all', 'button'))

// everything presses all that there is, whatever it says.
async function everything(opened) {
  await opened.page.evaluate(() => {
    const changed = e => e.dispatchEvent(new Event('input', { bubbles: true }))
    const search = document.querySelector('[role=search]')
    for (const e of document.querySelectorAll('button, summary, [type=checkbox], #grid a')) e.click()
    for (const select of search.querySelectorAll('select')) {
      for (const option of select.options) {
        option.selected = true
        changed(select)
      }
    }
    for (const field of search.querySelectorAll('[type=search]')) {
      field.value = document.querySelector('h3').textContent
      changed(field)
    }
    for (const e of document.querySelectorAll('*')) {
      for (const type of ['mouseover', 'focus', 'toggle', 'load', 'error']) e.dispatchEvent(new Event(type))
    }
  })
  await opened.frame()
}

module.exports = { everyRow, filterByGrade, filterByHost, filterByService, filterBySite, search, sort, openCell, keyboard, openAll, everything }
