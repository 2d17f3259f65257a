package dbtest

import (
	"context"
	"os"

	"github.com/jackc/pgx/v5"
)

// admin runs a statement that no transaction may hold, on the server itself.
func admin(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, os.Getenv(variable))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	if closing := conn.Close(ctx); err == nil {
		err = closing
	}
	return err
}
