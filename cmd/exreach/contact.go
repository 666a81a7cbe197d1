// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"time"

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
		s.Ask = (&asker{out: out, in: in, screen: screen, wait: answerTime}).ask
	}
	return s, nil
}

const (
	promptColumns = 79              // of a prompt; a longer one wraps on most terminals
	answerTime    = 5 * time.Minute // long enough to fetch a code from another machine
)

// An asker asks the user at a terminal for the codes of listeners, until the user wants no
// more questions, or leaves one unanswered: a check that is left alone must come to its end.
type asker struct {
	out        output
	in, screen *os.File
	wait       time.Duration // for one answer
	asked      bool          // there was a question before
	over       bool          // no question is asked any more
}

// ask asks for the code of a listener. An empty answer is none.
func (a *asker) ask(ctx context.Context, l contact.Listener) (code contact.Code, err error) {
	if a.over {
		return contact.Code{}, nil
	}
	ask := func() { code, err = a.answer(ctx, l) }
	if a.out.progress == nil {
		ask()
		return code, err
	}
	a.out.progress.Hold(ask)
	return code, err
}

func (a *asker) answer(ctx context.Context, l contact.Listener) (contact.Code, error) {
	prompt := a.prompt(l)
	for {
		text, err := a.line(ctx, prompt)
		switch {
		case text == "q":
			a.over = true
			return contact.Code{}, nil
		case err != nil || text == "":
			return contact.Code{}, err
		}
		code, err := contact.ParseCode(text)
		if err == nil {
			return code, nil
		}
		note(a.screen, "%v", err)
	}
}

// line returns what the user types, if it comes in time.
func (a *asker) line(ctx context.Context, prompt string) (string, error) {
	inTime, stop := context.WithTimeout(ctx, a.wait)
	defer stop()
	a.asked = true
	text, err := console.Secret(inTime, a.in, a.screen, prompt)
	if err != nil {
		a.over = true
		if ctx.Err() == nil && inTime.Err() != nil {
			note(a.screen, "no code was typed in time: the check goes on without; a run that is left alone takes codes from EXREACH_CODE or --code-file")
		}
	}
	return text, err
}

func (a *asker) prompt(l contact.Listener) string {
	place, choice := l.Host, "Enter: go on without"
	if l.Of > 1 {
		place = l.Address.String()
	}
	if a.asked {
		choice = "Enter: without, q: ask no more"
	}
	prompt := fmt.Sprintf("code of the listener at %s (%s): ", place, choice)
	if !l.Again {
		return prompt
	}
	if prompt = "that is not its code; " + prompt; len(prompt) > promptColumns {
		prompt = fmt.Sprintf("that is not its code; again (%s): ", choice)
	}
	return prompt
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
