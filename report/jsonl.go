// SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"
	"io"
)

// writeLine writes one entry as one line (JSON Lines).
func writeLine(w io.Writer, e Entry) error {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	return out.Encode(e)
}
