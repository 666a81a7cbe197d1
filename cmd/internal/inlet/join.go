// SPDX-License-Identifier: Apache-2.0

package inlet

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"exreach/cmd/internal/files"
	"exreach/cmd/internal/survey"
	"exreach/report/joint"
	"exreach/report/saved"
)

// streamed begins what listen writes with --format jsonl.
const streamed = `{"listener":{`

// OpenJoint takes the names of a report and of a far end's record. It reads the record, and
// returns the name that is left.
func OpenJoint(ctx context.Context, names []string, in io.Reader) (near []string, far *joint.Joint, err error) {
	if len(names) != 2 {
		return nil, nil, &survey.Mistake{Err: fmt.Errorf("option --join: it takes two files, not %d", len(names)), Hint: "name the report of the check first, then the record of the listener: exreach report --join NEAR FAR"}
	}
	if slices.Equal(names, []string{dash, dash}) {
		return nil, nil, &survey.Mistake{Err: errors.New("stdin is named twice, but can be read only once"), Hint: "save the record in a file"}
	}
	name, from := names[1], in
	if name == dash {
		name = saved.Stdin
	} else {
		f, err := files.Open(ctx, name)
		if err != nil {
			return nil, nil, fmt.Errorf("cannot read the record: %w", err)
		}
		defer f.Close()
		from = f
	}
	record := bufio.NewReader(files.Until(ctx, from))
	if start, _ := record.Peek(len(streamed)); string(start) == streamed {
		return nil, nil, &survey.Mistake{Err: fmt.Errorf("%s: this is jsonl; --join wants the record that listen writes with --format json", name), Hint: "exreach listen … --also json=far.json"}
	}
	far, err = joint.Read(name, record)
	return names[:1], far, err
}
