// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"exreach/probe"
)

// watch passes results on and shows on w, a terminal, how many of the total
// checks have one. The line is rewritten in place and erased at the end.
func watch(results iter.Seq[probe.Result], w io.Writer, total int) iter.Seq[probe.Result] {
	return func(yield func(probe.Result) bool) {
		orders, erased := make(chan int), make(chan struct{})
		go func() {
			defer close(erased)
			showProgress(w, orders, total)
		}()
		defer func() {
			close(orders)
			<-erased
		}()
		for r := range results {
			if r.Parent == "" { // the plan does not know how many are behind an endpoint mapper
				orders <- r.Check.Order
			}
			if !yield(r) {
				return
			}
		}
	}
}

// showProgress rewrites the line ten times a second until orders is closed. A
// check counts once, however many addresses its host has.
func showProgress(w io.Writer, orders <-chan int, total int) {
	began, finished, shown := time.Now(), map[int]bool{}, 0
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case order, more := <-orders:
			if !more {
				fmt.Fprintf(w, "\r%s\r", strings.Repeat(" ", shown))
				return
			}
			finished[order] = true
		case <-tick.C:
			text := fmt.Sprintf("%d/%d checks, %.1f s", len(finished), total, time.Since(began).Seconds())
			fmt.Fprintf(w, "\r%-*s", shown, text)
			shown = len(text)
		}
	}
}
