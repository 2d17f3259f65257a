package app

import (
	"context"

	"vestibule/internal/db"
	"vestibule/internal/license"
)

// product puts the product of the configuration: one that an earlier
// configuration named stays with its licences, and is not offered any more; what
// the office has edited since stays as it is. A command that does not serve may
// have another configuration, so it makes the product only where there is none
// at all, and never when it only looks.
func (p *Portal) product(ctx context.Context) error {
	if p.o.Look {
		return nil
	}
	c, rule := p.o.Config.Product, accessSettings(p.o.Config).Evaluation
	wanted := license.Product{ID: c.Code, Name: c.Name, Prefix: c.Prefix}
	settled := false
	if err := p.DB.Read(ctx, func(tx *db.Tx) error {
		all, err := license.Products(tx)
		if err != nil {
			return err
		}
		if settled = p.o.Tool && len(all) > 0; settled {
			return nil
		}
		settled, err = license.Configured(tx, wanted, rule)
		return err
	}); err != nil || settled {
		return err
	}
	return p.DB.Write(ctx, func(tx *db.Tx) error { return license.Configure(tx, wanted, rule) })
}
