// SPDX-License-Identifier: Apache-2.0
//
// A report whose every text is an attack, beside one of plain words: the pages must be made
// of the same elements, and nothing may run.
'use strict'

// shape is what a page consists of: how often each element comes with which names of
// attributes, and the values of those that lead somewhere or that a browser runs.
const shape = opened => opened.page.evaluate(() => {
  const counts = {}
  const count = what => { counts[what] = (counts[what] ?? 0) + 1 }
  for (const e of document.querySelectorAll('*')) {
    const names = e.getAttributeNames()
    count(`<${[e.localName, ...names.filter(name => !['hidden', 'open'].includes(name)).sort()].join(' ')}>`)
    for (const name of names) {
      const value = e.getAttribute(name)
      if (/^on|^srcdoc$|^formaction$|^ping$/.test(name)) count(`${name} of a ${e.localName}`)
      if (/href$|^src|^action$|^data$|^poster$/.test(name) && !value.startsWith('#')) count(`${name}=${value}`)
    }
    if (['script', 'style'].includes(e.localName) && e.type !== 'application/json') count(`${e.localName}: ${e.textContent}`)
  }
  return counts
})

// differences tells the two shapes apart.
function differences(plain, hostile) {
  const all = new Set([...Object.keys(plain), ...Object.keys(hostile)])
  return [...all].filter(what => plain[what] !== hostile[what]).map(what => `${plain[what] ?? 0} became ${hostile[what] ?? 0}: ${what.slice(0, 200)}`)
}

// compare fails if the pages differ in anything but their texts, or if anything ran.
async function compare(plain, hostile) {
  const differ = differences(await shape(plain), await shape(hostile))
  if (differ.length) throw new Error(`the hostile page has other elements:\n  ${differ.slice(0, 10).join('\n  ')}`)
  if (await hostile.page.evaluate(() => 'canary' in globalThis)) throw new Error('a text of the report ran')
  hostile.quiet()
}

module.exports = { compare }
