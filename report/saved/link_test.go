// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"exreach/report/content"
)

// What both ends of a link show is read back as it was written.
func TestReadLinked(t *testing.T) {
	files, err := filepath.Glob("../testdata/link-*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		r, err := readBack(file, strings.NewReader(string(want)))
		if err != nil {
			t.Fatal(err)
		}
		if got := write(t, "json", r, content.Style{}); got != string(want) {
			t.Errorf("%s is written otherwise than it was read", file)
		}
	}
}
