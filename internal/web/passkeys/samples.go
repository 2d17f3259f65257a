package passkeys

import (
	"time"

	"github.com/a-h/templ"

	"vestibule/internal/account"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

// Samples are the pages with values worth looking at; prefix goes before their names, and within draws what a signed-in page has.
func (p *Pages) Samples(prefix string, within func(*ui.Frame)) []web.Sample {
	draw := func(name string, f func(*ui.Frame) templ.Component) web.Sample {
		return web.Sample{Name: prefix + name, Draw: func(frame *ui.Frame) templ.Component {
			within(frame)
			return f(frame)
		}}
	}
	keys := sampleKeys()
	return []web.Sample{
		draw("passkeys", func(f *ui.Frame) templ.Component {
			return p.drawList(listPage{Frame: f, Path: p.Path, Keys: keys, Offered: true, Done: f.T("passkey.done-added")})
		}),
		draw("passkeys-none", func(f *ui.Frame) templ.Component { return p.drawList(listPage{Frame: f, Path: p.Path, Offered: true}) }),
		draw("passkeys-unoffered", func(f *ui.Frame) templ.Component { return p.drawList(listPage{Frame: f, Path: p.Path}) }),
		draw("passkey-add", func(f *ui.Frame) templ.Component {
			return p.drawAdd(addPage{Frame: f, Path: p.Path, Name: f.T("passkey.name-first", "n", 1)})
		}),
		draw("passkey-add-wrong", func(f *ui.Frame) templ.Component {
			f.Errors = ui.Errors{{Field: "passkey", Text: f.T("fault.passkey-exists")}}
			return p.drawAdd(addPage{Frame: f, Path: p.Path, Name: "Work laptop"})
		}),
		draw("passkey", func(f *ui.Frame) templ.Component {
			return p.drawOne(onePage{Frame: f, Path: p.Path, Key: keys[0], Name: keys[0].Name})
		}),
		draw("passkey-copied", func(f *ui.Frame) templ.Component {
			return p.drawOne(onePage{Frame: f, Path: p.Path, Key: keys[2], Name: keys[2].Name})
		}),
	}
}

func sampleKeys() []account.Passkey {
	added := time.Date(2026, 6, 4, 8, 0, 0, 0, time.UTC)
	phone := account.Passkey{ID: "01", Name: "Marta’s phone", CreatedAt: added, UsedAt: added.Add(50 * time.Hour)}
	phone.Credential.BackedUp = true
	return []account.Passkey{
		phone,
		{ID: "02", Name: "Work laptop", CreatedAt: added.Add(time.Hour)},
		{ID: "03", Name: "Blue security key", CreatedAt: added, UsedAt: added.Add(time.Hour), CopiedAt: added.Add(80 * time.Hour)},
	}
}
