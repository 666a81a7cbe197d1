// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
)

// TestKeepOpen: a console stays until Enter, or Ctrl-C.
func TestKeepOpen(t *testing.T) {
	for _, end := range []string{"Enter", "Ctrl-C"} {
		synctest.Test(t, func(t *testing.T) {
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			stdin, user := io.Pipe()
			defer user.Close()
			var stderr bytes.Buffer
			closed := make(chan struct{})
			go func() {
				keepOpen(ctx, world{stdin: stdin, stderr: &stderr})
				close(closed)
			}()
			synctest.Wait()
			select {
			case <-closed:
				t.Fatal("the window closed by itself")
			default:
			}
			if !strings.Contains(stderr.String(), "Press Enter to close this window.") {
				t.Errorf("it says %q", &stderr)
			}
			if end == "Enter" {
				fmt.Fprint(user, "\n")
			} else {
				interrupt()
			}
			<-closed
		})
	}
}
