// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every file of testdata/bad has one mistake, and the message names it and its
// line.
func TestReadBad(t *testing.T) {
	want := map[string]string{
		"counts-negative.json":     `line 3: counts: hosts.unasked: -1 is no number of things; accepted: 0 to 1073741824`,
		"counts-huge.json":         `line 3: counts: left_out: 9223372036854775807 is no number of things`,
		"empty.json":               `line 1: the file is empty`,
		"not-json.json":            `line 1: not JSON: invalid character '<'`,
		"table.json":               `line 1: not JSON: invalid character 'm'`,
		"list.json":                `line 1: the whole: array instead of an object`,
		"no-schema.json":           `line 1: no "schema", so this is not a report of exreach; accepted: "exreach/1" and "exreach/2"`,
		"schema-newer.json":        `line 2: schema "exreach/3": a newer exreach made this report, and it takes one to read it; accepted: "exreach/1" and "exreach/2"`,
		"schema-other.json":        `line 2: unknown schema "nmap/7"; accepted: "exreach/1" and "exreach/2"`,
		"schema-type.json":         `line 2: schema: number instead of a text`,
		"schema-behind.json":       `line 22: the schema is "exreach/2", and the results before it are not`,
		"trace.json":               `line 2: this is a trace, made by exreach trace, and no report; accepted: "exreach/1" and "exreach/2"`,
		"catalog.json":             `line 2: this is a version of the catalogue, made by exreach catalog show, and no report; accepted: "exreach/1" and "exreach/2"`,
		"truncated.json":           `line 36: the text ends too early: the file was truncated while it was written or copied`,
		"utf16-cut.json":           `line 8: the text ends too early: the file was truncated while it was written or copied`,
		"two-documents.json":       `line 15: a second document follows the report: give each a file of its own`,
		"text-behind.json":         `line 29: not JSON: invalid character 'a'`,
		"comma.json":               `line 9: not JSON: invalid character '}' looking for beginning of object key string`,
		"deep.json":                `line 29: lists and objects are nested too deep: exreach did not write them`,
		"number.json":              `line 8: took_s: 1e999 is out of range`,
		"number-whole.json":        `results.tries: 99999999999999999999 is out of range`,
		"number-part.json":         `results.tries: number 1.5 instead of a whole number`,
		"started-year-0.json":      `line 5: started: no run began in the year 0`,
		"started-year-999.json":    `line 5: started: no run began in the year 999`,
		"started-year-10000.json":  `line 5: "10000-01-01T09:30:00Z" is not a time: one looks like "2026-03-02T09:30:00Z", and its year has four digits`,
		"started-late.json":        `line 5: started: no run began in the year 10000`,
		"no-results.json":          `line 1: no "results", so this is not a report of exreach`,
		"results-twice.json":       `"results" stands twice in one object`,
		"results-joined.json":      `line 46: the report was joined with itself, or with a part of it: the result of smtp (25/tcp) at mail01 stands twice, with the same times`,
		"head-case.json":           `line 8: "Results" instead of "results"`,
		"head-twice.json":          `line 8: "from" stands twice in one object`,
		"unknown-twice.json":       `line 9: "odd" stands twice in one object`,
		"unknown-twice-deep.json":  `line 20: results: "odd" stands twice in one object`,
		"option-twice.json":        `line 9: options: "only" stands twice in one object`,
		"name-case.json":           `line 19: results: "Verdict" instead of "verdict"`,
		"name-both.json":           `line 20: results: "VERDICT" instead of "verdict"`,
		"name-long-s.json":         `results: "ſtepS" instead of "steps"`,
		"name-twice.json":          `line 20: results: "verdict" stands twice in one object`,
		"name-deep.json":           `line 30: results: "Weight" instead of "weight"`,
		"fact-twice.json":          `line 30: results: "server" stands twice in one object`,
		"verdict-unknown.json":     `line 45: result 2: unknown verdict "filtered": did you mean answered? accepted: answered, bad-tls, cut, mismatch, prohibited, refused, silent, timed-out, unreachable, unresolved, untried`,
		"verdict-missing.json":     `result 1: the verdict is missing: accepted: answered, bad-tls, cut`,
		"grade-unknown.json":       `line 25: result 1: unknown grade "critical": accepted: pass, warn, fail, unknown`,
		"care-unknown.json":        `line 21: result 1: unknown care "unknown": accepted: pass, warn, fail`,
		"care-missing.json":        `line 26: result 1: the care is missing: accepted: pass, warn, fail`,
		"direction-unknown.json":   `line 27: result 1: unknown direction "sideways": accepted: never-arrived, answer-lost, changed, answered-by-other, unknown`,
		"direction-alone.json":     `result 1: a "direction" without "far", which exreach writes with it`,
		"far-why.json":             `line 31: result 1: unknown why "because": accepted: not-open, other-program, `,
		"far-way.json":             `result 1: unknown way "up": accepted: there, back`,
		"far-negative.json":        `result 1: far: less than nothing came from the far end`,
		"far-hash.json":            `result 1: far: "AB" is no SHA-256, which has 64 hexadecimal digits in lower case`,
		"far-many.json":            `result 1: far: 65 arrivals of one check: exreach keeps four`,
		"contact-failed.json":      `result 1: unknown failed "somehow": accepted: no-code, wrong-code, `,
		"contact-state.json":       `result 1: unknown state "open": accepted: held, denied, failed`,
		"contact-negative.json":    `result 1: contact: less than nothing came from the far end`,
		"calls-hash.json":          `result 1: calls: "x" is no SHA-256`,
		"record.json":              `line 2: this is the record of a listener, made by exreach listen, which report --join takes behind the report, and no report`,
		"weight-unknown.json":      `line 35: result 1: unknown weight "heavy": accepted: pass, warn, fail, unknown`,
		"scale-unknown.json":       `line 36: result 1: unknown weighs_on "me": accepted: grade, care`,
		"want-unknown.json":        `line 23: result 1: unknown want "needed": accepted: required, optional, off, forbidden`,
		"port-too-big.json":        `line 20: results.port: number 70000 instead of a number from 0 to 65535`,
		"port-text.json":           `line 20: results.port: string instead of a number from 0 to 65535`,
		"type-deep.json":           `line 23: results.tries: object instead of a whole number`,
		"run-alone.json":           `line 7: result 1: it is of run 1, and no "runs" stand before the results`,
		"run-high.json":            `line 43: result 2: it is of run 3, and the report has 2 runs`,
		"run-missing.json":         `line 60: result 2: the run is missing: in a joined report each result has the number of its run`,
		"run-negative.json":        `line 23: result 1: it is of run -1, and the report has 2 runs`,
		"run-type.json":            `line 23: results.run: string instead of a whole number`,
		"runs-behind.json":         `line 6: "runs" stands behind the results: exreach writes it before them`,
		"runs-case.json":           `line 8: runs: "Machine" instead of "machine"`,
		"runs-copied.json":         `line 77: a run stands twice in the report (pc01, 2026-03-02 09:30 UTC): the result of smtp (25/tcp) at mail01 stands in both, with the same times`,
		"runs-deep.json":           `line 17: lists and objects are nested too deep: exreach did not write them`,
		"runs-element.json":        `line 4: runs: string instead of an object`,
		"runs-same.json":           `line 17: run 2: a run stands twice in the report (pc01, 2026-03-02 09:30 UTC)`,
		"runs-time.json":           `line 17: "yesterday" is not a time: one looks like "2026-03-02T09:30:00Z"`,
		"runs-twice.json":          `line 19: "runs" stands twice in one object`,
		"runs-type.json":           `line 3: runs: object instead of a list`,
		"runs-year.json":           `line 17: run 2: started: no run began in the year 0`,
		"started.json":             `line 5: "yesterday" is not a time: one looks like "2026-03-02T09:30:00Z"`,
		"started-number.json":      `line 5: this is not a time: one looks like "2026-03-02T09:30:00Z"`,
		"facts.json":               `line 30: results.peer.facts: array instead of an object`,
		"certificate-unknown.json": `line 40: result 1: the certificate "9313311c835af2fbaee62397c9e54eae76e8d2d16b54b96499f13d08a4b8bb1a" is not among the certificates, which must stand before the results`,
		"certificate-behind.json":  `line 38: result 1: the certificate "9313311c`,
		"certificate-name.json":    `line 13: certificates: "AB:CD" is not the fingerprint of a certificate, which has 64 hexadecimal digits in lower case`,
		"certificate-empty.json":   `line 9: certificates: nothing is said of the certificate 9313311c`,
		"certificate-type.json":    `line 10: certificates.names: string instead of a list`,
		"certificate-list.json":    `line 8: certificates: array instead of an object`,
		"certificate-again.json":   `certificates: "9313311c835af2fbaee62397c9e54eae76e8d2d16b54b96499f13d08a4b8bb1a" stands twice in one object`,
		"certificate-twice.json":   `line 50: result 1: two different certificates have the fingerprint 9313311c`,
		"stream-verdict.jsonl":     `line 2: unknown verdict "open": accepted: answered, bad-tls, cut`,
		"stream-cut.jsonl":         `line 2: the text ends too early`,
		"stream-type.jsonl":        `line 2: tries: string instead of a whole number`,
		"stream-document.jsonl":    `line 2: a whole report is among the results: it takes a file of its own`,
		"stream-indented.jsonl":    `line 2: this is the beginning of a value that goes on in the next line; in a stream each line is a result`,
		"stream-mixed.jsonl":       `line 2: a result of exreach/2 is among results of exreach/1: give each a file of its own`,
		"stream-newer.jsonl":       `line 2: schema "exreach/3": a newer exreach made this report`,
		"stream-first-newer.jsonl": `line 1: schema "exreach/3": a newer exreach made this report`,
		"stream-twice.jsonl":       `line 3: the report was joined with itself, or with a part of it: the result of smtp (25/tcp) at mail01 stands twice, with the same times`,
		"stream-joined.jsonl":      `line 4: the report was joined with itself, or with a part of it: the result of smtp (25/tcp) at mail01 stands twice, with the same times`,
		"stream-case.jsonl":        `line 1: "Verdict" instead of "verdict"`,
		"stream-name-twice.jsonl":  `line 2: "port" stands twice in one object`,
		"stream-year.jsonl":        `line 1: started: no run began in the year 0`,
		"stream-trace.jsonl":       `line 2: this is a trace, made by exreach trace, and no report`,
		"stream-certificate.jsonl": `line 1: the certificate "9313311c`,
	}
	files, err := filepath.Glob("testdata/bad/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		message, ok := want[filepath.Base(file)]
		if !ok {
			t.Errorf("%s: no message is expected of it", file)
		}
		delete(want, filepath.Base(file))
		data, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		_, err = readBack("run.json", data)
		data.Close()
		if err == nil || !strings.HasPrefix(err.Error(), "run.json: ") || !strings.Contains(err.Error(), message) {
			t.Errorf("%s:\n got %v\nwant %s", file, err, message)
		}
	}
	for name := range want {
		t.Errorf("testdata/bad/%s is missing", name)
	}
}

// A message repeats a word of the file as it repeats those of the command line: a long one
// without its middle, and never half a letter or a password.
func TestBadLongName(t *testing.T) {
	long := strings.Repeat("ä", 100)
	for name, shown := range map[string]string{
		"x" + long + "z":              `"x` + strings.Repeat("ä", 47) + `...` + strings.Repeat("ä", 23) + `z" stands twice`,
		"https://anna:secret@mail01/": `"https://***@mail01/" stands twice`,
	} {
		text := `{"schema":"exreach/2","` + name + `":1,"` + name + `":2,"results":[]}`
		if _, err := readBack("run.json", strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), shown) {
			t.Errorf("got %v, want %s", err, shown)
		}
	}
}
