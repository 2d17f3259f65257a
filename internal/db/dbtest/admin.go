package dbtest

import (
	"context"
	"os"

	"github.com/jackc/pgx/v5"
)

// admin runs statements that no transaction may hold, on the server itself.
func admin(ctx context.Context, statements ...string) error {
	conn, err := pgx.Connect(ctx, os.Getenv(variable))
	if err != nil {
		return err
	}
	for _, s := range statements {
		if _, err = conn.Exec(ctx, s); err != nil {
			break
		}
	}
	if closing := conn.Close(ctx); err == nil {
		err = closing
	}
	return err
}
