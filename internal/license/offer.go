package license

import (
	"context"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/fault"
)

// A ProductView is a product with what hangs on it.
type ProductView struct {
	Product
	Features []Feature
	Policies []Policy // the latest version of each
	Licenses int      // how many
}

// Products lists all products.
func (s *Service) Products(ctx context.Context) (list []ProductView, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		all, err := products(tx)
		list = nil
		for _, p := range all {
			v, err := offer(tx, p)
			if err != nil {
				return err
			}
			list = append(list, v)
		}
		return err
	})
	return list, err
}

// Product returns one product.
func (s *Service) Product(ctx context.Context, id string) (v ProductView, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		p, err := product(tx, id)
		if err != nil {
			return err
		}
		v, err = offer(tx, p)
		return err
	})
	return v, err
}

func offer(tx *db.Tx, p Product) (v ProductView, err error) {
	v.Product = p
	if v.Features, err = features(tx, p.ID); err != nil {
		return v, err
	}
	if v.Policies, err = policies(tx, p.ID); err != nil {
		return v, err
	}
	v.Licenses, err = countLicenses(tx, p.ID)
	return v, err
}

// CreateProduct makes a product, with the default policies. What is wrong is told
// at "id", "name", "summary", "prefix" or "publisher_keys".
func (s *Service) CreateProduct(ctx context.Context, by Staff, p Product) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.permitted(tx, by, ManageProducts); err != nil {
			return err
		}
		all, err := products(tx)
		if err != nil {
			return err
		}
		var form fault.Form
		p.read(&form)
		if !plainName(p.ID) {
			form.Add("id", "code-invalid")
		}
		if slices.ContainsFunc(all, func(o Product) bool { return o.ID == p.ID }) {
			form.Add("id", "product-taken")
		}
		if slices.ContainsFunc(all, func(o Product) bool { return fold(o.Prefix) == fold(p.Prefix) }) {
			form.Add("prefix", "prefix-taken")
		}
		if err := form.Err(); err != nil {
			return err
		}
		p.Configured, p.EditedAt = false, tx.Now()
		if err := PutProduct(tx, p); err != nil {
			return err
		}
		lacking, err := lackingPolicies(tx, p.ID, s.Evaluation)
		if err != nil {
			return err
		}
		for _, one := range lacking {
			if err := insertPolicy(tx, one); err != nil {
				return err
			}
		}
		return s.tell(tx, by, "product.create", p.ID, nil)
	})
}

// EditProduct changes a product; its id stays, and its prefix as soon as there
// are licences. EditedAt is what the form showed; Conflict "changed" if somebody
// else was quicker.
func (s *Service) EditProduct(ctx context.Context, by Staff, p Product) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.permitted(tx, by, ManageProducts); err != nil {
			return err
		}
		all, err := products(tx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(o Product) bool { return o.ID == p.ID })
		if i < 0 {
			return fault.New(fault.NotFound, "not-found")
		}
		var form fault.Form
		p.read(&form)
		if p.Prefix != all[i].Prefix {
			n, err := countLicenses(tx, p.ID)
			if err != nil {
				return err
			}
			if n > 0 {
				form.Add("prefix", "prefix-used")
			} else if slices.ContainsFunc(all, func(o Product) bool { return o.ID != p.ID && fold(o.Prefix) == fold(p.Prefix) }) {
				form.Add("prefix", "prefix-taken")
			}
		}
		if err := form.Err(); err != nil {
			return err
		}
		if err := editing(tx, p.ID, p.EditedAt); err != nil {
			return err
		}
		detail := map[string]string{}
		if !slices.Equal(p.PublisherKeys, all[i].PublisherKeys) {
			detail["publisher_keys"] = strings.Join(p.PublisherKeys, " ") // they are public, and whoever changes them matters
		}
		p.Configured, p.EditedAt = all[i].Configured, tx.Now()
		if err := PutProduct(tx, p); err != nil {
			return err
		}
		return s.tell(tx, by, "product.edit", p.ID, detail)
	})
}

const (
	maxName    = 120
	maxSummary = 500
	maxKeys    = 5
)

// read tidies what was typed for a product and notes what is wrong.
func (p *Product) read(form *fault.Form) {
	p.Name, p.Summary, p.Prefix = strings.TrimSpace(p.Name), strings.TrimSpace(p.Summary), strings.ToUpper(strings.TrimSpace(p.Prefix))
	if p.Name == "" {
		form.Add("name", "name-needed")
	} else if len(p.Name) > maxName {
		form.Add("name", "too-long", "max", strconv.Itoa(maxName))
	}
	if len(p.Summary) > maxSummary {
		form.Add("summary", "too-long", "max", strconv.Itoa(maxSummary))
	}
	if !ValidPrefix(p.Prefix) {
		form.Add("prefix", "prefix-invalid")
	}
	var kept []string
	for _, k := range p.PublisherKeys {
		if k = strings.TrimSpace(k); k == "" || slices.Contains(kept, k) || strings.HasPrefix(k, "untrusted comment:") {
			continue
		}
		if !publisherKey(k) {
			form.Add("publisher_keys", "publisher-key-invalid")
			return
		}
		kept = append(kept, k)
	}
	if p.PublisherKeys = kept; len(kept) > maxKeys {
		form.Add("publisher_keys", "publisher-keys-many", "max", strconv.Itoa(maxKeys))
	}
}

// publisherKey says whether s is a minisign public key: base64 of the letters
// "Ed", eight bytes of an id and 32 of an Ed25519 key.
func publisherKey(s string) bool {
	b, err := base64.StdEncoding.DecodeString(s)
	return err == nil && len(b) == 42 && string(b[:2]) == "Ed"
}

// PutFeature makes a feature of a product, or renames the one with this code.
func (s *Service) PutFeature(ctx context.Context, by Staff, f Feature) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.permitted(tx, by, ManageProducts); err != nil {
			return err
		}
		if _, err := product(tx, f.Product); err != nil {
			return err
		}
		f.Name = strings.TrimSpace(f.Name)
		return PutFeature(tx, s.Secret, f)
	})
}

// PutPolicy makes the next version of a policy; see the function PutPolicy. To
// retire one is a version too.
func (s *Service) PutPolicy(ctx context.Context, by Staff, p Policy) (made Policy, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.permitted(tx, by, ManageProducts); err != nil {
			return err
		}
		if _, err := product(tx, p.Product); err != nil {
			return err
		}
		p.Title = strings.TrimSpace(p.Title)
		made, err = PutPolicy(tx, s.Secret, p, by.ID)
		return err
	})
	return made, err
}

// PolicyVersions lists all versions of a policy, the latest first; NotFound if
// there is none.
func (s *Service) PolicyVersions(ctx context.Context, product, name string) (list []Policy, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if list, err = policyVersions(tx, product, name); err == nil && len(list) == 0 {
			err = fault.New(fault.NotFound, "not-found")
		}
		return err
	})
	return list, err
}

func (s *Service) tell(tx *db.Tx, by Staff, action, product string, detail map[string]string) error {
	if detail == nil {
		detail = map[string]string{}
	}
	detail["by"] = by.Name
	return audit.Add(tx, s.Secret, audit.Event{
		Action: action, Subject: "product:" + product, Actor: audit.Actor{Kind: audit.Staff, ID: by.ID}, Detail: detail,
	})
}
