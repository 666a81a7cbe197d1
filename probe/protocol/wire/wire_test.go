// SPDX-License-Identifier: Apache-2.0

package wire

import "testing"

func TestIndexFold(t *testing.T) {
	tests := []struct {
		s, word string
		want    int
	}{
		{"[Capability X]", "[CAPABILITY", 0},
		{"OK [capability", "[CAPABILITY", 3},
		{"\xff\xff\xff\xffABC", "abc", 4},
		{"\u212a\u017f abc", "abc", len("\u212a\u017f ")},
		{"ab", "abc", -1},
		{"", "abc", -1},
		{"abd", "abc", -1},
		{"abc", "", 0},
	}
	for _, test := range tests {
		if got := IndexFold(test.s, test.word); got != test.want {
			t.Errorf("IndexFold(%q, %q) is %d, want %d", test.s, test.word, got, test.want)
		}
	}
}
