package cli

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"vestibule/internal/app"
	"vestibule/internal/config"
	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/signing"
)

type licenseCommand struct {
	Keys licenseKeys `cmd:"" help:"Look after the keys that sign licence files."`
}

type licenseKeys struct {
	List   keysList   `cmd:"" help:"List the keys: current, next and retired."`
	Rotate keysRotate `cmd:"" help:"Make the next key the current one, and draw a new next."`
	Export keysExport `cmd:"" help:"Print the public keys that your products carry: current and next."`
}

func signingKeys(s *session, p *app.Portal) (all []signing.Public, err error) {
	err = p.DB.Read(s.ctx, func(tx *db.Tx) (err error) {
		all, err = p.Signing.Public(tx)
		return err
	})
	return all, err
}

type keysList struct{ configured }

// Run lists the keys with their dates.
func (c keysList) Run(s *session) error {
	return s.look(c.configured, func(_ *config.Config, p *app.Portal) error {
		all, err := signingKeys(s, p)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			fmt.Fprintln(s.out, "No keys yet: the portal makes them when it starts.")
			return nil
		}
		w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "KEY\tSTATE\tMADE\tIN USE\tRETIRED")
		for _, k := range all {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", k.ID(), k.State, day(k.MadeAt), day(k.CurrentAt), day(k.RetiredAt))
		}
		return w.Flush()
	})
}

func day(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.DateOnly)
}

type keysRotate struct {
	configured
	From string `help:"Id of the current key. Default: whichever it is." placeholder:"KEY"`
}

// Run rotates once, however many run it at the same time.
func (c keysRotate) Run(s *session) error {
	return s.open(c.configured, func(_ *config.Config, p *app.Portal) error {
		all, err := signingKeys(s, p)
		if err != nil {
			return err
		}
		from := c.From
		if from == "" && len(all) > 0 {
			from = all[0].ID()
		}
		err = p.DB.Write(s.ctx, func(tx *db.Tx) error { return p.Signing.Rotate(tx, from) })
		if fault.Is(err, fault.Conflict) {
			return fmt.Errorf("%s is not the current key: `vestibule license keys list` shows which is", from)
		}
		if err != nil {
			return err
		}
		if all, err = signingKeys(s, p); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%s signs from now on; products that carry it go on without a change. Build %s into their next release: `vestibule license keys export` prints it.\n", all[0].ID(), all[1].ID())
		return nil
	})
}

type keysExport struct {
	configured
	Format string `help:"hex, pem or go." enum:"hex,pem,go" default:"hex"`
}

// Run prints public keys; the secret halves never leave the database.
func (c keysExport) Run(s *session) error {
	return s.look(c.configured, func(_ *config.Config, p *app.Portal) error {
		all, err := signingKeys(s, p)
		if err != nil {
			return err
		}
		if len(all) < 2 {
			return fmt.Errorf("there are no keys yet: the portal makes them when it starts")
		}
		var b strings.Builder
		for _, k := range all[:2] {
			switch c.Format {
			case "pem":
				block, err := pemKey(k)
				if err != nil {
					return err
				}
				b.WriteString("# " + k.State + " " + k.ID() + "\n" + block)
			case "go":
				fmt.Fprintf(&b, "%sKey = %q // %s\n", k.State, k.String(), k.ID())
			default:
				fmt.Fprintf(&b, "%s %s %s\n", k.State, k.ID(), k.String())
			}
		}
		text := b.String()
		if c.Format == "go" {
			text = "// Public keys of the portal, for verify.New.\nconst (\n\t" + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n\t") + "\n)\n"
		}
		fmt.Fprint(s.out, text)
		return nil
	})
}

// pemKey writes a key as RFC 8410 has it.
func pemKey(k signing.Public) (string, error) {
	raw, err := hex.DecodeString(k.String())
	if err != nil {
		return "", err
	}
	der, err := x509.MarshalPKIXPublicKey(ed25519.PublicKey(raw))
	if err != nil {
		return "", err
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), nil
}
