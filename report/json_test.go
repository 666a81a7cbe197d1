// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/protocol"
	"exreach/probe/protocol/tls12"
	"exreach/report/content"
	"exreach/report/judge"
	"exreach/report/judge/scene"
)

// What exreach writes as JSON is in ASCII, whatever a peer or the catalogue says, and means
// the same.
func TestJSONInASCII(t *testing.T) {
	const said = "220 メール \U0001f600 Grüße \u2028"
	results := scene.Network()
	results[0].Detail, results[0].Check.Service.Name = said, said
	version := catalog.Version{Release: catalog.Release{Name: "2019", Title: said}}
	trace := content.TraceReport{Schema: content.TraceSchema, Tool: "exreach", Host: said, Traces: []content.Traced{}}
	for name, write := range map[string]func(io.Writer) error{
		"json":    func(w io.Writer) error { return put(w, "json", draft(results), content.Style{}) },
		"jsonl":   func(w io.Writer) error { return put(w, "jsonl", draft(results), content.Style{}) },
		"trace":   func(w io.Writer) error { return putTrace(w, "json", trace, content.Style{}) },
		"catalog": func(w io.Writer) error { return writeVersionJSON(w, version, content.Style{}) },
	} {
		var text bytes.Buffer
		if err := write(&text); err != nil {
			t.Fatal(err)
		}
		if i := bytes.IndexFunc(text.Bytes(), func(r rune) bool { return r >= utf8.RuneSelf }); i >= 0 {
			t.Errorf("%s: beyond ASCII: %.40s", name, text.Bytes()[i:])
		}
		var again bytes.Buffer // as a program sees it that reads JSON
		for in := json.NewDecoder(&text); ; {
			var value any
			if err := in.Decode(&value); err != nil {
				break
			}
			fmt.Fprint(&again, value)
		}
		if !strings.Contains(again.String(), said) {
			t.Errorf("%s: %q means something else: %s", name, said, again.String())
		}
	}
}

// withChains is hosts that show a certificate of their own and that of their authority at
// each of three ports.
func withChains(hosts int) []probe.Result {
	var results []probe.Result
	authority := tls12.Certificate{SHA256: tls12.Fingerprint([]byte("authority")), Subject: "CN=Contoso CA", Issuer: "CN=Contoso CA", Key: "RSA 4096", NotAfter: scene.Began.AddDate(9, 0, 0)}
	for i := range hosts {
		s := &scene.Scene{Host: fmt.Sprintf("mail%04d", i), Version: "2019", Role: "mailbox", Address: "192.0.2.10", From: "client"}
		for _, port := range []uint16{443, 993, 995} {
			s.Add("owa", port, scene.All(scene.Implicit, scene.Certificate(func(info *protocol.TLSInfo, c *tls12.Certificate) {
				c.Subject, c.NotAfter = "CN="+s.Host, scene.Began.Add(time.Duration(i)*36*time.Hour)
				info.Chain = append(info.Chain, authority)
			})))
		}
		results = append(results, s.Results...)
	}
	return results
}

// A document has every certificate once. Lines have them whole, and each says by itself
// what its row means.
func TestCertificatesOnce(t *testing.T) {
	results := withChains(2)
	before := len(results[0].Peer.TLS.Chain)
	r := draft(results)
	document, text := write(t, "json", r, content.Style{}), write(t, "jsonl", r, content.Style{})
	for subject, times := range map[string]int{"CN=mail0000": 1, "CN=mail0001": 1} {
		if n := strings.Count(document, fmt.Sprintf(`"subject": %q`, subject)); n != times {
			t.Errorf("the document has %s %d times:\n%s", subject, n, document)
		}
	}
	if n := strings.Count(document, `"subject": "CN=Contoso CA"`); n != 1 {
		t.Errorf("the document has the authority %d times", n)
	}
	for line := range strings.Lines(text) {
		var l Line
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		if l.Schema != content.Schema || l.Tool != "exreach 0.1.0" || l.From != "client" || l.Machine != "admin01" || !l.Started.Equal(scene.Began) {
			t.Errorf("a line does not say what it is: %s", line)
		}
		if chain := l.Peer.TLS.Chain; len(chain) != 2 || chain[0].Subject != "CN="+l.Host || chain[1].Subject != "CN=Contoso CA" {
			t.Errorf("chain %+v", chain)
		}
	}
	if len(results[0].Peer.TLS.Chain) != before || results[0].Peer.TLS.Chain[0].Subject == "" {
		t.Error("writing a report changed what the run found")
	}
}

// Certificates are the same wherever they lie meanwhile.
func TestCertificatesShelved(t *testing.T) {
	const hosts = 1500
	of := func(format string, open func() (Shelf, error)) string {
		var text strings.Builder
		d := draftOf(&text, format)
		d.Shelve(open)
		for host := range judge.Hosts(context.Background(), scene.HostsOf(withChains(hosts)), scene.Began, nil) {
			_ = d.Add(host) // to memory
		}
		if n := len(d.chains.all); n != hosts+1 {
			t.Errorf("%s: %d certificates, want %d", format, n, hosts+1)
		}
		if err := d.End(); err != nil {
			t.Fatal(err)
		}
		return text.String()
	}
	wide := &box{room: 1 << 30}
	for _, format := range []string{"json", "jsonl"} {
		want := of(format, nil)
		for name, open := range map[string]func() (Shelf, error){
			"much room":   func() (Shelf, error) { return wide, nil },
			"little room": func() (Shelf, error) { return &box{room: 300 << 10}, nil },
		} {
			wide.text = nil
			if of(format, open) != want {
				t.Errorf("%s, %s: the report differs", format, name)
			}
		}
	}
}

func TestCertificateDays(t *testing.T) {
	for _, test := range []struct {
		left time.Duration
		want int
	}{
		{0, 0}, {23 * time.Hour, 0}, {24 * time.Hour, 1}, {47 * time.Hour, 1}, {-time.Second, -1}, {-24 * time.Hour, -1}, {-25 * time.Hour, -2},
	} {
		r := scene.Healthy("owa", 443)
		scene.All(scene.Implicit, scene.Certificate(func(_ *protocol.TLSInfo, c *tls12.Certificate) { c.NotAfter = scene.Began.Add(test.left) }))(&r)
		if got := alone(r).CertificateDays; got == nil || *got != test.want {
			t.Errorf("%s before its end a certificate is valid for %v days, want %d", test.left, got, test.want)
		}
	}
	for end, want := range map[string]int{"9999-12-31T23:59:59Z": 2912382, "2400-01-01T00:00:00Z": 136539, "0001-02-01T00:00:00Z": -739646, "0000-01-01T00:00:00Z": -740043} {
		r := scene.Healthy("owa", 443)
		scene.All(scene.Implicit, scene.Certificate(func(_ *protocol.TLSInfo, c *tls12.Certificate) { c.NotAfter, _ = time.Parse(time.RFC3339, end) }))(&r)
		if got := alone(r).CertificateDays; got == nil || *got != want {
			t.Errorf("until %s a certificate is valid for %d days, want %d", end, *got, want)
		}
	}
	if e := alone(scene.Healthy("smtp", 25)); e.CertificateDays != nil {
		t.Errorf("no certificate is valid for %d days", *e.CertificateDays)
	}
}
