// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"exreach/cmd/internal/console"
	"exreach/cmd/internal/contact"
	"exreach/cmd/internal/listening"
	"exreach/cmd/internal/secret"
	"exreach/cmd/internal/survey"
	"exreach/cmd/internal/wording"
)

// codeFileFlag names the file of a code. There is no flag for the code itself: everyone on
// the machine can read a command line.
func codeFileFlag(usage string) cli.Flag {
	return &cli.StringFlag{Name: "code-file", TakesFile: true, Usage: usage}
}

// A stage is a contact.Stage, and what far ends found that checked back.
type stage struct {
	contact.Stage
	reversed []contact.Reversed
}

// found is what far ends found. Call it when the run is over.
func (s *stage) found() []contact.Reversed { return s.reversed }

// secondOf asks stand-ins again whose codes the user knows. A user at a terminal is
// asked for them.
func secondOf(ctx context.Context, c *cli.Context, w world, out output) (*stage, error) {
	known, err := secret.Codes(ctx, c.String("code-file"), c.IsSet("code-file"), w.env)
	if err != nil {
		return nil, err
	}
	s := &stage{Stage: contact.Stage{Codes: known}}
	s.Tell = func(e contact.Event) {
		if found, ok := e.(contact.Reversed); ok {
			s.reversed = append(s.reversed, found)
		}
		tell := wording.OfContact
		if ctx.Err() != nil {
			tell = wording.OfInterrupted
		}
		if text := tell(e); text != "" {
			note(out.notes, "%s", text)
		}
	}
	in, screen := console.Of(w.stderr), console.Of(w.stderr)
	if f, ok := w.stdin.(*os.File); ok {
		in = console.Of(f)
	}
	if in != nil && screen != nil && !c.Bool("quiet") && c.String("hosts") != "-" {
		s.Ask = func(ctx context.Context, l contact.Listener) (contact.Code, error) {
			return out.askCode(ctx, in, screen, l)
		}
	}
	return s, nil
}

// promptColumns is how long a prompt may be before it wraps on most terminals.
const promptColumns = 79

// askCode asks for the code of a listener; an empty answer is none.
func (o output) askCode(ctx context.Context, in, screen *os.File, l contact.Listener) (code contact.Code, err error) {
	ask := func() {
		place := l.Host
		if l.Of > 1 {
			place = l.Address.String()
		}
		prompt := fmt.Sprintf("code of the listener at %s (Enter: go on without): ", place)
		if l.Again {
			prompt = "that is not its code; " + prompt
			if len(prompt) > promptColumns {
				prompt = "that is not its code; again (Enter: go on without): "
			}
		}
		for {
			var text string
			if text, err = console.Secret(ctx, in, screen, prompt); err != nil || text == "" {
				return
			}
			if code, err = contact.ParseCode(text); err == nil {
				return
			}
			note(screen, "%v", err)
		}
	}
	if o.progress == nil {
		ask()
		return code, err
	}
	o.progress.Hold(ask)
	return code, err
}

// openBack opens the ports of this machine's role to come, if far ends are to check back. The
// caller calls over at the end.
func openBack(c *cli.Context, w world, run *survey.Survey, s *stage) (over func(), err error) {
	if !c.Bool("reverse") {
		return func() {}, nil
	}
	l := &listening.Listener{Tool: tool(), Tell: tellingTo(w, true), Catalog: run.Catalog()}
	l.Machine, _ = os.Hostname()
	l.Program, _ = os.Executable()
	if l.Plan, err = listening.PlanBack(run.Catalog(), l.Machine, c.String("version"), run.From()); err != nil {
		return nil, fmt.Errorf("option --reverse: %w", err)
	}
	s.Back, over, err = l.Back(c.Context)
	return over, err
}
