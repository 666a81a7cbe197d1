// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"strings"
	"testing"
)

func TestProducts(t *testing.T) {
	if _, err := readProducts(); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, p := range Products() {
		if key := p.Greeting + "|" + p.Offers; known[key] {
			t.Errorf("%s: the words %q are here twice", p.Name, key)
		} else {
			known[key] = true
		}
		if words := strings.Trim(p.Greeting, "* "); p.Greeting != "" && len(words) < 4 {
			t.Errorf("%s: the words %q are in too many greetings", p.Name, p.Greeting)
		}
	}
	if len(known) < 100 {
		t.Errorf("only %d rows", len(known))
	}
}
