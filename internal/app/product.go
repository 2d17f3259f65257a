package app

import (
	"context"

	"vestibule/internal/db"
	"vestibule/internal/license"
)

// product keeps the offered product that of the configuration: one that an
// earlier configuration named stays with its licences, and is not offered any
// more. A command that does not serve may have another configuration, so it
// makes the product only where there is none at all, and never when it only
// looks.
func (p *Portal) product(ctx context.Context) error {
	if p.o.Look {
		return nil
	}
	c := p.o.Config.Product
	var all []license.Product
	read := func(tx *db.Tx) (err error) {
		all, err = license.Products(tx)
		return err
	}
	if err := p.DB.Read(ctx, read); err != nil {
		return err
	}
	if p.o.Tool && len(all) > 0 || len(all) == 1 && all[0].ID == c.Code && all[0].Name == c.Name && all[0].Prefix == c.Prefix && all[0].Offered {
		return nil
	}
	return p.DB.Write(ctx, func(tx *db.Tx) error {
		if err := read(tx); err != nil {
			return err
		}
		for _, old := range all {
			if old.Offered && old.ID != c.Code {
				old.Offered = false
				if err := license.PutProduct(tx, old); err != nil {
					return err
				}
			}
		}
		return license.PutProduct(tx, license.Product{ID: c.Code, Name: c.Name, Prefix: c.Prefix, Offered: true})
	})
}
