// SPDX-License-Identifier: Apache-2.0

package main

import "testing"

// TestUserOf: root by sudo becomes who called it, and never root again.
func TestUserOf(t *testing.T) {
	for _, test := range []struct{ named, sudoUID, want string }{
		{"", "", ""},
		{"", "1000", "1000"},
		{"", "0", ""},
		{"mail", "1000", "mail"},
	} {
		if got := userOf(test.named, test.sudoUID); got != test.want {
			t.Errorf("--user %q, called by %q: becomes %q, want %q", test.named, test.sudoUID, got, test.want)
		}
	}
}
