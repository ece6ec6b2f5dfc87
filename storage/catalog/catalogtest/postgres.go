package catalogtest

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"

	"blattwerk/pipeline/pipelinetest"
)

// Server is a PostgreSQL that listens on a socket in a folder of its own and
// ends with the test. It does not wait for the disk: what a test kills is
// the program under test, never the server's machine.
type Server struct {
	folder string
	made   atomic.Int64
}

// Postgres starts a server and gives the address of an empty database on it.
func Postgres(t testing.TB) string {
	t.Helper()
	return Start(t).Database(t)
}

// Start starts a server. A suite of tests starts one and takes a [Server.Database]
// for each test.
func Start(t testing.TB) *Server {
	t.Helper()
	return StartWith(t, "shared_buffers=32MB")
}

// StartWith starts a server with settings.
func StartWith(t testing.TB, settings ...string) *Server {
	t.Helper()
	initdb := pipelinetest.Program(t, "initdb")
	server := filepath.Join(filepath.Dir(mustEval(t, initdb)), "postgres")
	// Not t.TempDir: the path of a socket may not exceed 107 bytes.
	folder, err := os.MkdirTemp("", "bwpg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	attr := account(t, folder)
	data := filepath.Join(folder, "data")
	cmd := exec.Command(initdb, "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	cmd.SysProcAttr, cmd.Dir = attr, folder
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	cmd = exec.Command(server, "-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off",
		"-c", "full_page_writes=off", "-c", "max_connections=60")
	for _, s := range settings {
		cmd.Args = append(cmd.Args, "-c", s)
	}
	cmd.SysProcAttr, cmd.Dir = attr, folder
	log, err := os.Create(filepath.Join(folder, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	ended := run(t, cmd)
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGINT) // fast shutdown
		select {
		case <-ended:
		case <-time.After(20 * time.Second):
			cmd.Process.Signal(syscall.SIGQUIT)
			<-ended
		}
	})
	s := &Server{folder: folder}
	s.await(t, ended)
	return s
}

// run starts the server and keeps its thread, because the signal that ends it
// with this process is bound to the thread that started it.
func run(t testing.TB, cmd *exec.Cmd) <-chan struct{} {
	t.Helper()
	started, ended := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(ended)
		err := cmd.Start()
		started <- err
		if err == nil {
			cmd.Wait() //nolint:errcheck // how it ended is in its log
		}
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	return ended
}

// account gives the folder and the processes to the account postgres if this is
// root, as PostgreSQL refuses to run as root.
func account(t testing.TB, folder string) *syscall.SysProcAttr {
	t.Helper()
	attr := &syscall.SysProcAttr{Pdeathsig: syscall.SIGINT}
	if os.Getuid() != 0 {
		return attr
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		pipelinetest.Missing(t, "PostgreSQL does not run as root, and there is no account postgres")
	}
	uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
	if err1 != nil || err2 != nil {
		t.Fatalf("account postgres has numbers %s and %s", u.Uid, u.Gid)
	}
	if err := os.Chown(folder, int(uid), int(gid)); err != nil {
		t.Fatal(err)
	}
	attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return attr
}

func mustEval(t testing.TB, path string) string {
	t.Helper()
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		t.Fatal(err)
	}
	return real
}

func (s *Server) address(database string) string {
	q := url.Values{"host": {s.folder}, "user": {"postgres"}, "sslmode": {"disable"}}
	return "postgres:///" + database + "?" + q.Encode()
}

func (s *Server) await(t testing.TB, ended <-chan struct{}) {
	t.Helper()
	db, err := sql.Open("pgx", s.address("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		if err = db.PingContext(ctx); err == nil {
			return
		}
		select {
		case <-ended:
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
			continue
		}
		log, _ := os.ReadFile(filepath.Join(s.folder, "log"))
		t.Fatalf("PostgreSQL did not start: %v\n%s", err, log)
	}
}

// Database makes an empty database and gives its address.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	db, err := sql.Open("pgx", s.address("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	name := fmt.Sprintf("test%d", s.made.Add(1))
	if _, err := db.Exec("CREATE DATABASE " + name); err != nil {
		t.Fatalf("making a database: %v", err)
	}
	return s.address(name)
}
