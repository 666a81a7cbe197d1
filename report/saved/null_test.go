// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"exreach/report/content"
)

// bareReport lacks every list that stands in each report.
const bareReport = `{"schema":"exreach/2","options":{"only":null},"ground_rules":[{"text":"a"}],"results":[
{"host":"h","want":"off","verdict":"cut","grade":"pass","care":"pass","labels":{"a":null},"peer":{"tls":{"chain":[null]},"web":{}},
"name":{},"trace":{"beside":{},"hops":[null]},"identified":{"checked_as":[{}],"signs":[null]}},
{"host":"i","want":"off","verdict":"cut","grade":"pass","care":"pass","trace":{},"identified":{}}]}`

// What a saved report lacks is empty when it is written again, and never null.
func TestNoNull(t *testing.T) {
	r, err := readBack("bare.json", strings.NewReader(bareReport))
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"json", "jsonl"} {
		text := write(t, format, r, content.Style{})
		if n := strings.Count(strings.ReplaceAll(text, " ", ""), `"steps":[]`); n != len(r.Results) {
			t.Errorf("%s: %d results have steps", format, n)
		}
		checkNoNull(t, text)
	}
}

// checkNoNull wants no null in JSON.
func checkNoNull(t *testing.T, text string) {
	t.Helper()
	for values := json.NewDecoder(bytes.NewReader([]byte(text))); ; {
		token, err := values.Token()
		if err == io.EOF {
			return
		}
		if err != nil || token == nil {
			t.Errorf("%v before byte %d in\n%s", token, values.InputOffset(), text)
			return
		}
	}
}
