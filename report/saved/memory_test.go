// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"testing"

	"exreach/report/content"
	"exreach/report/judge/scene"
)

// manyHosts writes lines of JSON: the results of so many hosts, forty each, and each of
// them with a certificate.
func manyHosts(t testing.TB, w io.Writer, hosts int) {
	d := newDraft(t, "jsonl", w, content.Style{})
	d.Know(1, content.NewRun("exreach", "client", scene.Began))
	var secured content.Entry
	for _, e := range network().Results {
		if e.Peer != nil && e.Peer.TLS != nil {
			secured = e
		}
	}
	for i := range hosts {
		e, peer, tls := secured, *secured.Peer, *secured.Peer.TLS
		e.Host, e.Peer, peer.TLS = fmt.Sprintf("mail%05d", i), &peer, &tls
		tls.Chain = append(tls.Chain[:0:0], tls.Chain...)
		tls.Chain[0].SHA256, tls.Chain[0].Subject = fmt.Sprintf("%064x", i), "CN="+e.Host
		entries := make([]content.Entry, 40)
		for j := range entries {
			entries[j] = e
			entries[j].Port = uint16(1000 + j)
		}
		if err := d.Take(1, entries); err != nil {
			return // the reader says why
		}
	}
}

// heap is how many bytes are in use.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// A gauge notes the most memory in use while a report is written.
type gauge struct{ writes, most int }

func (g *gauge) Write(p []byte) (int, error) {
	if g.writes++; g.writes%100 == 0 {
		g.most = max(g.most, int(heap()))
	}
	return len(p), nil
}

// What is in use while a report is read and written does not grow with the number of its
// hosts. In memory these would take more than 10 MB.
func TestReadMemory(t *testing.T) {
	const hosts, atMost = 200, 5 << 20
	var text bytes.Buffer
	manyHosts(t, &text, hosts)
	before := int(heap())
	var g gauge
	d := newDraft(t, "jsonl", &g, content.Style{})
	err := NewReader(d).Read("run.jsonl", bytes.NewReader(text.Bytes()))
	if err == nil {
		err = d.End()
	}
	if err != nil || g.writes != hosts {
		t.Fatalf("%d hosts, %v", g.writes, err)
	}
	if g.most > before+atMost {
		t.Errorf("%d MB are in use, %d before", g.most>>20, before>>20)
	}
	_ = text.Len() // is in use until here
}

// BenchmarkRead reads the lines of many hosts while they are written: what is in use must
// not grow with their number.
func BenchmarkRead(b *testing.B) {
	for b.Loop() {
		out, in := io.Pipe()
		go func() {
			manyHosts(b, in, 2500)
			in.Close()
		}()
		var g gauge
		if err := NewReader(newDraft(b, "jsonl", &g, content.Style{})).Read("run.jsonl", out); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(g.most), "B/peak")
	}
}
