// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"exreach/report/content"
)

// numbered is so many members of an object, of different names and one value, each with a
// comma behind it.
func numbered(n int, value string) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "%q:%s,", fmt.Sprintf("%x", i), value)
	}
	return strings.TrimSuffix(text.String(), ",")
}

// denseParts is for each part of a report the densest text: it would take the most memory
// for its length.
func denseParts() map[string]string {
	const many = 100_000
	objects, texts := list("{}", many), list(`""`, 6*many)
	names := numbered(many, `""`)
	var certificates strings.Builder
	for i := range many / 100 {
		fmt.Fprintf(&certificates, `"%064x":{"names":[%s]},`, i, list(`""`, 1000))
	}
	result := func(more string) string { return fmt.Sprintf(`"results":[%s]`, minimal(more)) }
	peer := func(more string) string { return result(`"peer":{` + more + `}`) }
	trace := func(more string) string { return result(`"trace":{` + more + `}`) }
	identified := func(more string) string { return result(`"identified":{` + more + `}`) }
	return map[string]string{
		"options":             `"options":{` + numbered(many, "[]") + `}`,
		"values of an option": `"options":{"only":[` + texts + `]}`,
		"runs":                `"runs":[` + objects + `]`,
		"options of a run":    `"runs":[{"options":{` + numbered(many, "[]") + `}}]`,
		"values of a run":     `"runs":[{"options":{"only":[` + texts + `]}}]`,
		"untestable":          `"untestable":[` + objects + `]`,
		"ground rules":        `"ground_rules":[` + objects + `]`,
		"sources":             `"ground_rules":[{"sources":[` + texts + `]}]`,
		"findings":            result(`"findings":[` + objects + `]`),
		"steps":               result(`"steps":[` + objects + `]`),
		"labels":              result(`"labels":{` + names + `}`),
		"addresses of a name": result(`"name":{"unusable":[` + texts + `]}`),
		"facts":               peer(`"facts":{` + names + `}`),
		"capabilities":        peer(`"capabilities":[` + texts + `]`),
		"endpoints":           peer(`"endpoints":[` + objects + `]`),
		"header lines":        peer(`"web":{"odd_headers":[` + texts + `]}`),
		"a chain":             peer(`"tls":{"chain":[` + objects + `]}`),
		"names of a chain":    peer(`"tls":{"chain":[{"names":[` + texts + `]}]}`),
		"hops":                trace(`"hops":[` + objects + `]`),
		"addresses of a hop":  trace(`"hops":[{"from":[` + texts + `]}]`),
		"hops beside":         trace(`"beside":{"hops":[` + objects + `]}`),
		"products":            identified(`"products":[` + texts + `]`),
		"signs":               identified(`"signs":[` + objects + `]`),
		"versions of a sign":  identified(`"signs":[{"versions":[` + texts + `]}]`),
		"roles":               identified(`"checked_as":[` + objects + `]`),
		"results":             `"results":[` + list(minimal(""), many/10) + `]`,
		"certificates":        `"certificates":{` + certificates.String() + `}`,
	}
}

// Whatever part of a report is forged to take much memory, it is refused before it does.
func TestRation(t *testing.T) {
	for name, text := range denseParts() {
		t.Run(name, func(t *testing.T) {
			text := `{"schema":"exreach/1",` + "\n" + text + `}`
			before := allocated()
			err := NewReader(newDraft(t, "table", io.Discard, content.Style{})).Read("forged.json", strings.NewReader(text))
			took := allocated() - before
			said := fmt.Sprint(err)
			tooThin := strings.HasSuffix(said, ": these values take more than 4 times the memory of their text: exreach did not write them")
			tooMany := strings.HasSuffix(said, " elements: exreach writes none of more than 8192") || strings.HasSuffix(said, ": more than 1024 runs: exreach joins no more")
			if !strings.HasPrefix(said, "forged.json: line 2: ") || !tooThin && !tooMany {
				t.Errorf("got %v", err)
			}
			if most := 16*len(text) + 8*maxValue; took > most {
				t.Errorf("%d MB for a text of %d MB", took>>20, len(text)>>20)
			}
		})
	}
}

// An object may have names that are not known, but not any number of them: they are kept
// until it ends.
func TestManyNames(t *testing.T) {
	names := numbered(100_000, "1")
	for name, text := range map[string]string{
		"document": `{"schema":"exreach/2",` + names + `,"results":[]}`,
		"result":   `{"schema":"exreach/2","results":[` + minimal(names) + `]}`,
		"line":     minimal(names),
	} {
		if _, err := readBack("forged", strings.NewReader(text)); err == nil || !strings.HasSuffix(err.Error(), "more than 8192 names in one object: exreach writes none of so many") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// allocated is how many bytes were ever taken.
func allocated() int {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.TotalAlloc)
}

// A host has as many kinds of findings as exreach knows, and a forged one not many more.
func TestManyCares(t *testing.T) {
	var findings strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&findings, `{"code":"c%d","weight":"warn","weighs_on":"care"},`, i)
	}
	text := `{"schema":"exreach/2","results":[{"want":"required","verdict":"answered","grade":"pass","care":"warn","findings":[` + strings.TrimSuffix(findings.String(), ",") + `]}]}`
	r, err := readBack("many.json", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(r.Hosts[0].Cares); n != 256 {
		t.Errorf("%d kinds are told apart", n)
	}
}
