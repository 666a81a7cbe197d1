// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"exreach/cmd/internal/console"
	"exreach/cmd/internal/contact"
	"exreach/cmd/internal/secret"
	"exreach/cmd/internal/survey"
	"exreach/probe/far"
)

// codeFileFlag names the file of a code. There is no flag for the code itself: everyone on
// the machine can read a command line.
func codeFileFlag(usage string) cli.Flag {
	return &cli.StringFlag{Name: "code-file", TakesFile: true, Usage: usage}
}

// secondOf asks stand-ins again whose codes the user knows. A user at a terminal is
// asked for them.
func secondOf(ctx context.Context, c *cli.Context, w world, out output) (survey.Second, error) {
	known, err := secret.Codes(ctx, c.String("code-file"), c.IsSet("code-file"), w.env)
	if err != nil {
		return nil, err
	}
	stage := &contact.Stage{Codes: known, Tell: func(e contact.Event) {
		if text := saidOfContact(e); text != "" {
			note(out.notes, "%s", text)
		}
	}}
	in, screen := console.Of(w.stderr), console.Of(w.stderr)
	if f, ok := w.stdin.(*os.File); ok {
		in = console.Of(f)
	}
	if in != nil && screen != nil && !c.Bool("quiet") && c.String("hosts") != "-" {
		stage.Ask = func(ctx context.Context, l contact.Listener) (contact.Code, error) {
			return out.askCode(ctx, in, screen, l)
		}
	}
	return stage.Run, nil
}

// askCode asks for the code of a listener; an empty answer is none.
func (o output) askCode(ctx context.Context, in, screen *os.File, l contact.Listener) (code contact.Code, err error) {
	ask := func() {
		prompt := fmt.Sprintf("the listener at %s shows a code (Enter alone goes on without it): ", place(l))
		if l.Again {
			prompt = "this code is not that of the listener; " + prompt
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

// place says where a listener is.
func place(l contact.Listener) string {
	if l.Host == l.Address.String() {
		return l.Host
	}
	return fmt.Sprintf("%s (%s)", l.Host, l.Address)
}

// saidOfContact puts an event of a contact into words; "" if it needs none.
func saidOfContact(e contact.Event) string {
	switch e := e.(type) {
	case contact.Made:
		return fmt.Sprintf("contact with listener %s at %s, over port %d: asking again, both ends record", e.Contact.Listener, place(e.Listener), e.Contact.Over)
	case contact.Missed:
		return fmt.Sprintf("no contact with the listener at %s: %s", place(e.Listener), whyMissed(e.Contact))
	case contact.Unfinished:
		return fmt.Sprintf("the contact with the listener at %s ended early: %s", place(e.Listener), whyMissed(e.Contact))
	}
	return ""
}

// whyMissed says why there is no contact, and what to do.
func whyMissed(c far.Contact) string {
	why := map[far.ContactFailure]string{
		far.NoCode:       "no code is known; set EXREACH_CODE to the one that it shows, or name a file with --code-file",
		far.WrongCode:    "the code is not that of this listener, or a proxy on the way opens TLS at every port; compare it with what the listener shows",
		far.OtherVersion: "it is of another version of exreach; use the same version at both ends",
		far.NoWay:        "no port lets TLS through to it; save JSON at both ends and join them: exreach report --join NEAR.json FAR.json",
		far.Broken:       "the contact broke; check again",
	}[c.Failed]
	if c.Note != "" {
		why += " (" + c.Note + ")"
	}
	return why
}
