// SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"
	"io"
)

// writeJSON writes the whole report as one document (docs/report.schema.json).
func writeJSON(w io.Writer, r Report, _ Style) error {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(r)
}
