// SPDX-License-Identifier: Apache-2.0

package report

import "exreach/report/quote"

// md is quote.Markdown, which nearly every line of a ticket needs.
func md(text string) string { return quote.Markdown(text) }

// bulleted makes a text an item of a list.
func bulleted(text string) string { return "- " + text }

// eachText applies a function to each of some texts.
func eachText(texts []string, f func(string) string) []string {
	var out []string
	for _, t := range texts {
		out = append(out, f(t))
	}
	return out
}
