// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"exreach/report/content"
)

// A reference to a certificate stands for all of its text: neither may be out of all
// proportion to what exreach writes.
func TestForgedCertificates(t *testing.T) {
	print := strings.Repeat("ab", 32)
	document := func(names, references int) string {
		return fmt.Sprintf(`{"schema":"exreach/2","tool":"x","certificates":{%q:{"subject":"CN=a","names":[%s]}},"results":[`+
			`{"host":"h","version":"2019","role":"mailbox","service":"owa","network":"tcp","port":443,"protocol":"http","tls":"implicit","want":"required",`+
			`"verdict":"answered","grade":"pass","care":"pass","step":"talk","tries":1,"took_s":0,"steps":[],"detail":"d","peer":{"tls":{"version":"TLS 1.3","chain":[%s]}}}]}`,
			print, list(`"name.contoso.com"`, names), list(fmt.Sprintf(`{"sha256":%q}`, print), references))
	}
	for name, test := range map[string]struct {
		names, references int
		says              string
	}{
		"as exreach writes them": {50, 10, ""},
		"a long chain":           {1, 65, "a chain of 65 certificates: exreach writes none so long"},
		"a long certificate":     {30000, 1, "a certificate of more than 256 KiB: exreach writes none"},
	} {
		t.Run(name, func(t *testing.T) {
			err := NewReader(newDraft(t, "jsonl", io.Discard, content.Style{})).Read("forged.json", strings.NewReader(document(test.names, test.references)))
			if said := fmt.Sprint(err); test.says == "" && err != nil || !strings.Contains(said, test.says) {
				t.Errorf("got %v, want %q", err, test.says)
			}
		})
	}
}

// list is so many copies of a JSON value with commas between them.
func list(value string, n int) string { return strings.TrimSuffix(strings.Repeat(value+",", n), ",") }
