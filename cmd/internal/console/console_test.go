// SPDX-License-Identifier: Apache-2.0

package console

import (
	"bytes"
	"fmt"
	"testing"
)

// TestStatusLine wants notes above the line, and the line never wider than the terminal,
// which needs room for ^C behind it.
func TestStatusLine(t *testing.T) {
	var screen bytes.Buffer
	l := &StatusLine{Terminal: &screen, Width: 10}
	l.Show("")
	l.Show("0123456789abc", "012345678")
	fmt.Fprintln(l, "exreach: done")
	l.Show("7 s")
	l.Show("12345678", "123")
	l.Show("\u90f5\u4fbf\u90f5\u4fbf") // four letters, of which three fit in six columns
	l.Show("8")
	l.Show("")
	if want := "\r0123456\r         \rexreach: done\n\r7 s\r123\r\u90f5\u4fbf\u90f5\r8     \r        \r"; screen.String() != want {
		t.Errorf("got %q, want %q", screen.String(), want)
	}
}

// COLUMNS is the width of a text that does not go to a terminal; 0 is the usual width.
func TestColumns(t *testing.T) {
	for columns, want := range map[string]int{"": 0, "wide": 0, "0": 0, "-80": 0, "1": Narrowest, "39": Narrowest, "40": 40, "132": 132} {
		if got := WidthFor(nil, func(string) string { return columns }); got != want {
			t.Errorf("COLUMNS=%s is %d columns, want %d", columns, got, want)
		}
	}
}
