// SPDX-License-Identifier: Apache-2.0

package charset

import (
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"
	"unicode/utf8"
)

func TestUTF8(t *testing.T) {
	const text = "mail01,Zürich,日本,😀\r\n"
	little, big := utf16Of(binary.LittleEndian, text), utf16Of(binary.BigEndian, text)
	for name, test := range map[string]struct{ in, want string }{
		"UTF-8":                         {text, text},
		"UTF-8 with a mark":             {"\ufeff" + text, text},
		"a mark and no more":            {"\ufeff", ""},
		"half a mark":                   {"\xef\xbbx", "\xef\xbbx"},
		"nothing":                       {"", ""},
		"one letter":                    {"m", "m"},
		"UTF-16, little end first":      {"\xff\xfe" + little, text},
		"UTF-16, big end first":         {"\xfe\xff" + big, text},
		"UTF-16 without a mark":         {little, text},
		"UTF-16BE without a mark":       {big, text},
		"UTF-16 with an odd byte":       {"\xff\xfe" + little + "m", text},
		"UTF-16 with half a surrogate":  {"\xff\xfe\x3d\xd8m\x00", "\ufffdm"},
		"zero bytes, which are no text": {"\x00\x00m", "\x00\x00m"},
		"a zero byte further on":        {"mail\x0001", "mail\x0001"},
	} {
		for _, r := range []io.Reader{strings.NewReader(test.in), iotest.OneByteReader(strings.NewReader(test.in))} {
			got, err := io.ReadAll(UTF8(r))
			if string(got) != test.want || err != nil {
				t.Errorf("%s: %q, %v, want %q", name, got, err, test.want)
			}
		}
	}
}

func TestUTF8Fails(t *testing.T) {
	broken := errors.New("the disk is gone")
	for _, text := range []string{"", "m", "mail01", "\xff\xfem\x00"} {
		if _, err := io.ReadAll(UTF8(io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken)))); err != broken {
			t.Errorf("after %q: %v", text, err)
		}
	}
}

// What was UTF-16 is UTF-8, at most three bytes for each unit.
func FuzzUTF8(f *testing.F) {
	f.Add([]byte("\xff\xfem\x00"))
	f.Add([]byte("m\x00a\x00"))
	f.Add([]byte("\xfe\xff\xd8\x3d\xde\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := io.ReadAll(UTF8(strings.NewReader(string(data))))
		if err != nil || len(got) > len(data)/2*3+len(data) {
			t.Errorf("%q became %q, %v", data, got, err)
		}
		wide := strings.HasPrefix(string(data), "\xff\xfe") || strings.HasPrefix(string(data), "\xfe\xff")
		if wide && !utf8.Valid(got) {
			t.Errorf("%q became %q", data, got)
		}
	})
}

func utf16Of(order binary.AppendByteOrder, text string) string {
	var data []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		data = order.AppendUint16(data, unit)
	}
	return string(data)
}
