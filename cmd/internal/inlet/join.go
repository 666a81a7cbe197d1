// SPDX-License-Identifier: Apache-2.0

package inlet

import (
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

// OpenJoint takes the names of a report and of a far end's record. It reads the record, and
// returns the name that is left.
func OpenJoint(ctx context.Context, names []string, in io.Reader) (near []string, far *joint.Joint, err error) {
	if len(names) != 2 {
		return nil, nil, &survey.Mistake{Err: fmt.Errorf("--join takes two files, and %d are named", len(names)), Hint: "name the report of the check first, then the record of the listener: exreach report --join NEAR FAR"}
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
	far, err = joint.Read(name, files.Until(ctx, from))
	return names[:1], far, err
}
