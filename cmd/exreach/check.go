// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"exreach/catalog"
	"exreach/cmd/internal/files"
	"exreach/cmd/internal/secret"
	"exreach/cmd/internal/survey"
	"exreach/probe"
	"exreach/probe/protocol"
	"exreach/probe/trust"
	"exreach/report/content"
)

func checkCommand(w world) *cli.Command {
	return &cli.Command{
		Name:      "check",
		Usage:     "check every port that a server's role needs",
		ArgsUsage: "HOST[:PORT]...",
		Flags:     slices.Concat(planFlags(), poolFlags(), outputFlags()),
		Action:    func(c *cli.Context) error { return check(c, w) },
	}
}

func check(c *cli.Context, w world) error {
	began := time.Now()
	if err := contradiction(c); err != nil {
		return err
	}
	out, err := newOutput(c, w)
	if err != nil {
		return err
	}
	deadline, err := positive(c, "deadline", c.Duration("deadline"))
	if err != nil {
		return err
	}
	ctx, stop := until(c.Context, began, deadline)
	defer stop()
	roots := trust.OfMachine(w.env) // reads them while check prepares the rest
	defer roots.Close()
	run, err := surveyOf(ctx, c, w)
	if err != nil {
		return err
	}
	run.Pool.Shared.Trust = roots
	stage, err := secondOf(ctx, c, w, out)
	if err != nil {
		return err
	}
	run.Pool.Taped = !stage.Codes.IsEmpty() // for a join with the far end's record, should no contact come about
	over, err := openBack(c, w, run, stage)
	if err != nil {
		return err
	}
	defer over()
	run.Second, out.reversed = stage.Run, stage.found
	run.Began, run.Deadline = began, deadline
	run.Trace, run.Watch = c.Bool("trace"), out.tell
	return out.run(c.Context, run)
}

// surveyOf makes the run that the command line describes. It reads the files that the command
// line names, until ctx ends.
func surveyOf(ctx context.Context, c *cli.Context, w world) (*survey.Survey, error) {
	options, err := optionsOf(c)
	if err != nil {
		return nil, err
	}
	cat, err := openCatalog(ctx, c.String("catalog"))
	if err != nil {
		return nil, err
	}
	options.Version = survey.VersionCalled(cat, options.Version)
	hosts, err := targetsOf(ctx, c, w, cat, options)
	if err != nil {
		return nil, err
	}
	run, err := survey.New(cat, hosts)
	if err != nil {
		return nil, survey.Pointed(cat, err)
	}
	if run.Pool, err = poolOf(c, w); err != nil {
		return nil, err
	}
	if c.IsSet("credentials") {
		run.Pool.Credentials, err = secret.Credentials(ctx, c.String("credentials"), w.env)
	}
	return run, err
}

// run runs s and writes the report, for check and demo. Its error is an outcome, or says
// what went wrong.
func (o output) run(ctx context.Context, s *survey.Survey) error {
	opening, stop := until(ctx, s.Began, s.Deadline)
	defer stop()
	to, err := o.copies.Open(opening, o.stdout, o.temporaries)
	if err != nil {
		return err
	}
	defer to.Discard()
	if o.progress != nil {
		s.Every = every
	}
	var shelf files.Scratch
	defer shelf.Close()
	draft, known := o.draft(to, &shelf, nil), o.runOf(s)
	draft.Know(1, known)
	for host := range s.Run(ctx) {
		if err := draft.Add(host); err != nil {
			return err
		}
	}
	mistake := s.Err()
	if mistake != nil && draft.Counts().Total() == 0 {
		return mistake // there is nothing to report
	}
	known.Took, known.Unasked, known.Unread = content.InSeconds(time.Since(s.Began)), s.Unasked(), s.Unread()
	draft.Know(1, known)
	draft.Note(nil, s.Untestable())
	if err := o.addReversed(draft); err != nil {
		return err
	}
	if err := draft.End(); err != nil {
		return err
	}
	o.noteInterrupted(ctx, s.Unasked(), s.Unread())
	return cmp.Or(mistake, o.finish(to, draft.Counts()))
}

// until returns ctx with the deadline of a run that began at a moment; 0 is none.
func until(ctx context.Context, began time.Time, deadline time.Duration) (context.Context, context.CancelFunc) {
	if deadline == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithDeadlineCause(ctx, began.Add(deadline), probe.ErrDeadline)
}

// planFlags choose what is checked.
func planFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "version", Aliases: []string{"V"}, Usage: "the `VERSION` of Exchange: 5.5, 2010, 2019, se, ... (default auto: what the host reports)"},
		&cli.StringFlag{Name: "role", Usage: "the `ROLE` of the hosts in that version (default auto: each whose services answer)"},
		&cli.StringFlag{Name: "from", Usage: "`WHO` connects: client, internet, mailbox, admin, ... (default client)"},
		&cli.StringFlag{Name: "hosts", TakesFile: true, Usage: "read the hosts from `FILE`, one per line or a CSV table; - is stdin"},
		&cli.StringFlag{Name: "config", Aliases: []string{"c"}, TakesFile: true, Usage: "read the hosts from a topology `FILE` (YAML)"},
		&cli.StringSliceFlag{Name: "port", Aliases: []string{"p", "ports"}, Usage: "check these `PORTS` instead of those that the role needs: 8443, 53/udp, ..."},
		&cli.StringSliceFlag{Name: "only", Usage: "check only these `WORDS`: services, protocols, ports or ranges of ports, separated by commas"},
		&cli.StringSliceFlag{Name: "skip", Usage: "leave out these `WORDS`"},
		catalogFlag(),
	}
}

// optionsOf is what the command line says about the run in addition to its hosts.
func optionsOf(c *cli.Context) (survey.Options, error) {
	o := survey.Options{
		Version: strings.ToLower(c.String("version")),
		Role:    strings.ToLower(c.String("role")),
		From:    strings.ToLower(c.String("from")),
	}
	if c.IsSet("from") && !c.IsSet("config") {
		o.From = cmp.Or(o.From, catalog.DefaultFrom) // --from "" asks for the default, so no note says that it was taken
	}
	var errs [5]error
	o.Family, errs[0] = familyOf(c)
	o.Only, errs[1] = wordsOf(c, "only")
	o.Skip, errs[2] = wordsOf(c, "skip")
	ports, err := wordsOf(c, "port")
	errs[3] = err
	o.Ports, errs[4] = survey.ParsePorts(ports)
	for _, option := range []string{"only", "skip", "port"} {
		if words := c.StringSlice(option); len(words) > 1 && words[len(words)-1] == "" {
			o.Unfinished = "--" + option + " " + strings.Join(words, ",")
		}
	}
	return o, cmp.Or(errs[:]...)
}

// wordsOf returns the words of an option that may be given more than once. A comma at the
// end is harmless. An option without any word is a mistake, most often of a script whose
// variable is empty: it must not mean everything.
func wordsOf(c *cli.Context, option string) ([]string, error) {
	var words []string
	for _, word := range c.StringSlice(option) {
		if word = strings.ToLower(strings.TrimSpace(word)); word != "" {
			words = append(words, word)
		}
	}
	if c.IsSet(option) && len(words) == 0 {
		return nil, namesNone(option)
	}
	return words, nil
}

// namesNone is the error for an option whose list is empty.
func namesNone(option string) error {
	switch option {
	case "port":
		return hinted("such as --port 8443; leave the option out to check what the role needs", "option --port: it names no port")
	case "role":
		return hinted("such as --role mailbox; leave the option out for the usual role of the version", "option --role: it names no role")
	case "grade", "host":
		example := map[string]string{"grade": "fail,warn", "host": "mail01"}[option]
		return hinted("such as --"+option+" "+example+"; leave the option out to keep everything", "option --%s: it names no %[1]s", option)
	}
	return hinted("name services, protocols or ports, such as --"+option+" smtp,443; leave the option out to check everything",
		"option --%s: it names no service", option)
}

// targetsOf is the hosts that the command line names.
func targetsOf(ctx context.Context, c *cli.Context, w world, cat *catalog.Catalog, o survey.Options) (*survey.Targets, error) {
	if err := oneSource(c); err != nil {
		return nil, err
	}
	switch {
	case c.IsSet("config"):
		return topologyOf(ctx, c.String("config"), o)
	case c.IsSet("hosts"):
		return listOf(ctx, cat, c.String("hosts"), w, o)
	}
	if err := fileForHost(c.Args().Slice()); err != nil {
		return nil, err
	}
	return survey.Named(c.Args().Slice(), o)
}

// oneSource makes sure that only one place names the hosts and says what they are.
func oneSource(c *cli.Context) error {
	for _, file := range []string{"config", "hosts"} {
		switch {
		case !c.IsSet(file):
		case file == "config" && c.IsSet("hosts"):
			return hinted("leave one of them out", "options --config and --hosts: each names the hosts")
		case c.Args().Present():
			return hinted("name all hosts in the file, or all on the command line", "host %q: with --%s the file names the hosts", catalog.Shown(c.Args().First()), file)
		}
	}
	for _, name := range []string{"version", "role"} {
		if c.IsSet("config") && c.IsSet(name) {
			return hinted("write it beside the host in the file", "option --%s: with --config, the file sets it", name)
		}
	}
	return nil
}

// topologyOf reads the hosts from a topology file.
func topologyOf(ctx context.Context, name string, o survey.Options) (*survey.Targets, error) {
	f, err := files.Open(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("cannot read the topology: %w", err)
	}
	defer f.Close()
	stop := files.SaveMemory(f)
	defer stop()
	return survey.Topology(name, files.Until(ctx, f), o)
}

// listOf reads the hosts from a list or a table; - is standard input.
func listOf(ctx context.Context, cat *catalog.Catalog, name string, w world, o survey.Options) (*survey.Targets, error) {
	list := survey.List{Name: "stdin", From: io.NopCloser(w.stdin), Pipe: !files.IsRegular(w.stdin)}
	from := w.stdin
	if name != "-" {
		f, err := files.Open(ctx, name)
		if err != nil {
			return nil, fmt.Errorf("cannot read the hosts: %w", err)
		}
		from, list = f, survey.List{Name: name, From: f, Pipe: !files.IsRegular(f)}
	}
	stop := files.SaveMemory(from)
	defer stop()
	return survey.Listed(ctx, cat, list, o)
}

// openCatalog returns the catalogue, with the rows of the user's file in it; "" is no file.
func openCatalog(ctx context.Context, file string) (*catalog.Catalog, error) {
	cat := catalog.Open()
	if file == "" {
		return cat, nil
	}
	f, err := files.Open(ctx, file)
	if err != nil {
		return nil, fmt.Errorf("cannot read the catalogue: %w", err)
	}
	defer f.Close()
	stop := files.SaveMemory(f)
	defer stop()
	return cat, cat.Add(file, files.Until(ctx, f), slices.Sorted(maps.Keys(protocol.Table)))
}
