// SPDX-License-Identifier: Apache-2.0

package page

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestGolden(t *testing.T) {
	const file = "testdata/network.html"
	got := finish(t, traced()).write(t)
	if *update {
		if err := os.WriteFile(filepath.FromSlash(file), got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(filepath.FromSlash(file))
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("differs from %s (refresh it with -update)", file)
	}
}
