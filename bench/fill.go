package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/db"
	"vestibule/internal/license"
	"vestibule/internal/organization"
	"vestibule/internal/password"
	"vestibule/internal/secret"
	"vestibule/internal/session"
	"vestibule/internal/staff"
)

// What fills a portal's database. People who act in a row are made by the same
// functions as the portal's own, so that everything about them is true; the
// masses that only lie about are written by one statement.

const thePassword = "violet sextant lantern 42"

// A person is an account of a client with a licence of its organization.
type person struct {
	account string
	userID  string
	email   string
}

// people makes so many accounts, each in an organization with a licence that
// runs. All have the same password; terms are accepted where the portal wants
// that.
func (p *portal) people(b *bench, n int, terms account.Terms) ([]person, error) {
	src := secret.System{}
	hash, err := password.New(p.ring, src, password.Options{}).Hash(b.ctx, thePassword)
	if err != nil {
		return nil, err
	}
	var product license.Product
	if err := p.db.Read(b.ctx, func(tx *db.Tx) error {
		list, err := license.Products(tx)
		if err == nil && len(list) == 0 {
			err = fmt.Errorf("the portal has no product")
		}
		if err == nil {
			product = list[0]
		}
		return err
	}); err != nil {
		return nil, err
	}
	all := make([]person, 0, n)
	for len(all) < n {
		batch := min(100, n-len(all))
		var made []person
		err := p.db.Write(b.ctx, func(tx *db.Tx) error {
			made = made[:0]
			for i := range batch {
				one, err := newPerson(tx, src, len(all)+i, hash, product.ID, terms)
				if err != nil {
					return err
				}
				made = append(made, one)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		all = append(all, made...)
	}
	return all, nil
}

func newPerson(tx *db.Tx, src secret.Source, i int, hash, product string, terms account.Terms) (person, error) {
	name := lettersOf(i)
	email, err := account.ParseEmail("marta." + name + "@" + name + ".example")
	if err != nil {
		return person{}, err
	}
	a, err := account.Create(tx, src, account.DefaultPattern, account.New{
		Email: email, EmailProved: true, Mobile: mobileOf(i), MobileProved: true, FirstName: "Marta", LastName: strings.ToUpper(name[:1]) + name[1:],
		Organization: "Harbour " + name, Country: "GB", Lang: "en", State: account.Unfinished,
	})
	if err != nil {
		return person{}, err
	}
	if err := account.SetPassword(tx, a.ID, hash); err != nil {
		return person{}, err
	}
	if terms.Version != "" {
		if err := account.AcceptTerms(tx, a.ID, terms, "en", "127.0.0.1"); err != nil {
			return person{}, err
		}
	}
	o, err := organization.Create(tx, src, organization.Organization{Name: a.Organization, Kind: organization.Client, Country: "GB", Origin: organization.ByApproval})
	if err != nil {
		return person{}, err
	}
	if _, err := organization.Admit(tx, src, o.ID, a.ID, a.EmailKey, organization.Administrator, organization.ByApproval); err != nil {
		return person{}, err
	}
	l, err := license.Make(tx, src, o.ID, product)
	if err != nil {
		return person{}, err
	}
	_, err = license.Grant(tx, src, l, license.Term{Kind: license.Evaluation, Days: 30, Seats: 250, StartsAt: tx.Now(), EndsAt: tx.Now().AddDate(0, 0, 30), GrantedBy: "bench"})
	return person{account: a.ID, userID: a.UserID, email: a.Email}, err
}

// lettersOf writes a number in letters, as names are: aaaa, aaab, …
func lettersOf(i int) string {
	var s [6]byte
	for k := range s {
		s[len(s)-1-k] = byte('a' + i%26)
		i /= 26
	}
	return string(s[:])
}

// mobileOf is a British number of the range kept for drama (Ofcom), and beyond
// it one that looks as real.
func mobileOf(i int) string { return fmt.Sprintf("+4474%08d", 10_000_000+i%80_000_000) }

// addressOf is the network address of visitor i, each in a network of its own.
func addressOf(i int) string {
	return fmt.Sprintf("%d.%d.%d.7", 11+i>>16&0x3f, i>>8&0xff, i&0xff)
}

// sessionsFor signs people in n times without asking for a password, and returns
// the cookies. Their beginnings are spread over the last half hour, so that
// their rows lie where those of n others would.
func (p *portal) sessionsFor(b *bench, kind session.Kind, people []person, n int) ([]string, error) {
	spread, err := db.Open(b.ctx, db.Options{URL: p.database, Now: spreadClock(n), Connections: 1})
	if err != nil {
		return nil, err
	}
	lives := session.ClientLives
	if kind == session.Staff {
		lives = session.StaffLives
	}
	var cookies []string
	err = spread.Write(b.ctx, func(tx *db.Tx) error { return nil }) // one reading of the clock, to see that it can be written
	for len(cookies) < n && err == nil {
		var batch []string
		err = spread.Write(b.ctx, func(tx *db.Tx) error {
			batch = batch[:0]
			for i := range min(50, n-len(cookies)) {
				_, token, err := session.Start(tx, secret.System{}, session.New{
					Kind: kind, Account: people[(len(cookies)+i)%len(people)].account, Lives: lives, Address: "192.0.2.7", Agent: "bench",
				})
				if err != nil {
					return err
				}
				batch = append(batch, string(token))
			}
			return nil
		})
		cookies = append(cookies, batch...)
	}
	if err == nil {
		err = p.refresh(b)
	}
	if closing := spread.Close(); err == nil {
		err = closing
	}
	return cookies, err
}

// spreadClock moves from half an hour ago to now in about n/50 steps: as often
// as sessionsFor opens a transaction.
func spreadClock(n int) func() time.Time {
	at, step := time.Now().Add(-30*time.Minute), 30*time.Minute/time.Duration(n/50+2)
	return func() time.Time {
		at = at.Add(step)
		return at
	}
}

// refresh makes every session one that was used a moment ago: the portal records
// the use of a session once a minute, and the rows measure a page between two
// such records.
func (p *portal) refresh(b *bench) error {
	return p.db.Write(b.ctx, func(tx *db.Tx) error {
		_, err := tx.Count(`UPDATE session SET seen_at = $1, idle_ends_at = $2 WHERE agent = 'bench'`,
			db.Micros(tx.Now()), db.Micros(tx.Now().Add(15*time.Minute)))
		return err
	})
}

// lonelySessions adds sessions that nobody uses, until there are n.
func (p *portal) lonelySessions(b *bench, n int) error {
	src := secret.Seeded(1)
	const batch = 1000
	start := time.Now()
	for done := 0; done < n; {
		rows := min(batch, n-done)
		err := p.db.Write(b.ctx, func(tx *db.Tx) error {
			var q strings.Builder
			q.WriteString(`INSERT INTO session (id, secret_hash, kind, account_id, started_at, seen_at, fresh_at, idle, idle_ends_at, ends_at, address, agent) VALUES `)
			args := []any{secret.Hash("nobody"), db.Micros(start), int64(time.Hour / time.Microsecond), db.Micros(start.Add(24 * time.Hour))}
			for i := range rows {
				if i > 0 {
					q.WriteByte(',')
				}
				k := strconv.Itoa(5 + 2*i)
				q.WriteString(`($` + k + `,$1,'client',$` + strconv.Itoa(6+2*i) + `,$2,$2,$2,$3,$4,$4,'192.0.2.9','lonely')`)
				at := start.Add(-30 * time.Minute * time.Duration(done+i) / time.Duration(n))
				args = append(args, src.ID(at), src.ID(at.AddDate(0, -3, 0)))
			}
			_, err := tx.Count(q.String(), args...)
			return err
		})
		if err != nil {
			return err
		}
		done += rows
	}
	return p.settle(b)
}

// strangers adds n accounts that nobody uses.
func (p *portal) strangers(b *bench, n int) error {
	const batch = 50_000
	for done := 0; done < n; done += batch {
		err := p.db.Write(b.ctx, func(tx *db.Tx) error {
			_, err := tx.Count(`WITH RECURSIVE n(i) AS (SELECT CAST($1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < $2)
				INSERT INTO account (id, user_id, user_id_key, email, email_key, email_confirmed_at, mobile, mobile_verified_at, first_name, last_name,
					organization, country, lang, state, password_hash, password_set_at, search_key, reminded_at, created_at, updated_at)
				SELECT 'bench' || CAST(i AS TEXT), 'stranger' || CAST(i AS TEXT), 'stranger' || CAST(i AS TEXT), 'stranger' || CAST(i AS TEXT) || '@stranger.example',
					'stranger' || CAST(i AS TEXT) || '@stranger.example', $3, '', 0, 'Some', 'Stranger', 'Stranger and Sons', 'GB', 'en', 'active', '', 0,
					'some stranger stranger' || CAST(i AS TEXT) || ' stranger and sons', 0, $3, $3 FROM n`,
				int64(100_000_000+done), int64(100_000_000+min(done+batch, n)-1), db.Micros(tx.Now()))
			return err
		})
		if err != nil {
			return err
		}
	}
	return p.settle(b)
}

// settle tells PostgreSQL what became of its tables, as it would find out by
// itself within minutes.
func (p *portal) settle(b *bench) error {
	if !p.db.IsPostgres() {
		return nil
	}
	return p.db.Write(b.ctx, func(tx *db.Tx) error {
		_, err := tx.Count(`ANALYZE`)
		return err
	})
}

// member makes somebody of the staff with all roles, signed in.
func (p *portal) member(b *bench) (cookie string, err error) {
	src := secret.System{}
	var a account.Account
	err = p.db.Write(b.ctx, func(tx *db.Tx) error {
		email, err := account.ParseEmail("office@northwind.example")
		if err != nil {
			return err
		}
		a, err = account.Create(tx, src, account.DefaultPattern, account.New{
			Email: email, EmailProved: true, FirstName: "Oda", LastName: "Fice", Organization: "Northwind", Country: "GB", Lang: "en", State: account.Active,
		})
		if err != nil {
			return err
		}
		if err := tx.Do(`INSERT INTO staff (account_id, added_at, enrolled_at) VALUES ($1, $2, $2)`, a.ID, db.Micros(tx.Now())); err != nil {
			return err
		}
		for _, r := range staff.Roles() {
			if err := tx.Do(`INSERT INTO staff_role (account_id, role) VALUES ($1, $2)`, a.ID, string(r)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	cookies, err := p.sessionsFor(b, session.Staff, []person{{account: a.ID}}, 1)
	if err != nil {
		return "", err
	}
	return cookies[0], nil
}
