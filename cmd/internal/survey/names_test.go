// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"fmt"
	"runtime"
	"testing"
)

// A list of many short names takes little more memory than its text.
func TestNamesMemory(t *testing.T) {
	const many = 200_000
	before := heapInUse()
	var n names
	for i := range many {
		n.add(fmt.Sprintf("m%05d", i))
	}
	if used := heapInUse() - before; used > 3*7*many {
		t.Errorf("%d names of 6 letters take %d KB", many, used>>10)
	}
	next := 0
	for i, name := range n.all() {
		if i != next || name != fmt.Sprintf("m%05d", i) {
			t.Fatalf("name %d is %q", i, name)
		}
		next++
	}
	if next != many || n.count != many {
		t.Errorf("%d names, %d counted", next, n.count)
	}
}

// heapInUse is how many bytes of the heap are in use.
func heapInUse() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
