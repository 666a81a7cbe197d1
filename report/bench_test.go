// SPDX-License-Identifier: Apache-2.0

package report

import (
	"context"
	"fmt"
	"io"
	"iter"
	"runtime"
	"testing"

	"exreach/probe"
	"exreach/report/content"
	"exreach/report/judge"
	"exreach/report/judge/scene"
)

// manyHosts is the results of n hosts with forty checks each, a tenth of them
// with something to explain.
func manyHosts(n int) iter.Seq[probe.HostResults] {
	return func(yield func(probe.HostResults) bool) {
		for place := range n {
			host := probe.HostResults{Host: fmt.Sprintf("mail%05d", place), Place: place}
			for i := range 40 {
				r := scene.Healthy("smtp", uint16(1000+i))
				r.Check.Host, r.Order = host.Host, i
				if i%10 == 0 {
					scene.Verdict(probe.TimedOut, "no reply to 2 connects")(&r)
				}
				host.Results = append(host.Results, r)
			}
			if !yield(host) {
				return
			}
		}
	}
}

// BenchmarkLines is a result on its way to a line of JSON.
func BenchmarkLines(b *testing.B) {
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		to := newLines(io.Discard, content.Style{})
		for host := range judge.Hosts(context.Background(), manyHosts(10), scene.Began, nil) {
			if err := to.Host(content.Part{Entries: content.Entries(host)}); err != nil {
				b.Fatal(err)
			}
			n += len(host.Rows)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/result")
}

// BenchmarkKept is what a result costs a format that needs the whole report.
func BenchmarkKept(b *testing.B) {
	const hosts = 250
	for b.Loop() {
		before := heap()
		d := newDraft(nil)
		for host := range judge.Hosts(context.Background(), manyHosts(hosts), scene.Began, nil) {
			_ = d.Add(host) // to memory
		}
		b.ReportMetric(float64(heap()-before)/(hosts*40), "B/result")
		runtime.KeepAlive(d)
	}
}

// heap is how many bytes are in use.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
