package frame

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite the want parts of testdata")

// TestCases reads testdata/*.txtar: `in` is the stream (a line `\end` ends it
// without a newline, `\x00` stands for a NUL byte, `\xEF` for the mark's first
// byte and so on), `want` the frames.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			ar, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			in := stream(ar.Files[0].Data)
			got := render(t, in, 256)
			if *update {
				ar.Files[1].Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(ar), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if want := string(ar.Files[1].Data); got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

func stream(data []byte) []byte {
	text := strings.ReplaceAll(string(data), "\\end\n", "")
	for _, b := range []byte{0x00, 0xef, 0xbb, 0xbf, 0xff, 0xfe, '\r'} {
		text = strings.ReplaceAll(text, fmt.Sprintf("\\x%02X", b), string([]byte{b}))
	}
	return []byte(text)
}

func render(t *testing.T, in []byte, limit int) string {
	t.Helper()
	var out strings.Builder
	s := NewScanner(bytes.NewReader(in), State{}, limit)
	for {
		f, err := s.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			fmt.Fprintf(&out, "error %v\n", err)
			return out.String()
		}
		show(&out, "", f)
	}
	if f, ok := s.Rest(); ok {
		show(&out, "rest ", f)
	}
	st := s.State()
	fmt.Fprintf(&out, "state %d %s %s\n", st.Offset, st.Mode, st.In)
	return out.String()
}

func show(out *strings.Builder, what string, f Frame) {
	text := f.Text
	if len(text) > 80 {
		text = append(bytes.Clone(text[:70]), "…"...)
	}
	fmt.Fprintf(out, "%s%d %q", what, f.Offset, text)
	if f.Fault != "" {
		fmt.Fprintf(out, " FAULT %s", f.Fault)
	}
	out.WriteString("\n")
}

type piece struct {
	text, fault string
	offset      int64
}

// frames reads everything, what is unfinished last.
func frames(t *testing.T, r io.Reader, st State, limit int) (out []piece, states []State) {
	t.Helper()
	s := NewScanner(r, st, limit)
	for {
		f, err := s.Next()
		if err == io.EOF {
			break
		}
		if err == ErrUTF16 {
			return out, states
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(f.Text) == 0 {
			t.Fatalf("an empty frame at %d", f.Offset)
		}
		out = append(out, piece{string(f.Text), f.Fault, f.Offset})
		states = append(states, s.State())
	}
	if f, ok := s.Rest(); ok {
		out = append(out, piece{"rest " + string(f.Text), f.Fault, f.Offset})
		states = append(states, s.State())
	}
	return out, states
}

// checkStream: how a stream is chunked, and where reading was interrupted,
// changes nothing; every byte of a frame is a byte of the stream, in order.
func checkStream(t *testing.T, in []byte, limit int) {
	t.Helper()
	want, states := frames(t, bytes.NewReader(in), State{}, limit)
	got, _ := frames(t, iotest.OneByteReader(bytes.NewReader(in)), State{}, limit)
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("byte by byte:\n%+v\nat once:\n%+v", got, want)
	}
	end := int64(0)
	for i, f := range want {
		text := strings.TrimPrefix(f.text, "rest ")
		if f.offset < end || f.offset+int64(len(text)) > int64(len(in)) || string(in[f.offset:f.offset+int64(len(text))]) != text {
			t.Fatalf("frame %d (%q at %d) is not in the stream behind %d", i, text, f.offset, end)
		}
		end = f.offset + int64(len(text))
		st := states[i]
		again, _ := frames(t, bytes.NewReader(in[st.Offset:]), st, limit)
		rest := want[i+1:]
		if strings.HasPrefix(f.text, "rest ") {
			rest = want[i:]
		}
		if fmt.Sprint(again) != fmt.Sprint(rest) {
			t.Fatalf("resumed at %+v:\n%+v\nwant:\n%+v", st, again, rest)
		}
	}
}

func TestCasesResume(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.txtar")
	for _, file := range files {
		ar, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		checkStream(t, stream(ar.Files[0].Data), 256)
	}
}

func FuzzScanner(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.txtar")
	for _, file := range files {
		ar, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(stream(ar.Files[0].Data))
	}
	f.Fuzz(func(t *testing.T, in []byte) { checkStream(t, in, 64) })
}

// TestMemory: a record far above the limit does not grow the buffer.
func TestMemory(t *testing.T) {
	const size = 8 << 20
	r := io.MultiReader(strings.NewReader(`{"a":"`), io.LimitReader(ones{}, size), strings.NewReader("\"}\n{\"b\":1}\n"))
	s := NewScanner(r, State{}, 64<<10)
	f, err := s.Next()
	if err != nil || f.Fault == "" || len(f.Text) != Excerpt {
		t.Fatalf("the long record: %d bytes, fault %q, %v", len(f.Text), f.Fault, err)
	}
	if f, err = s.Next(); err != nil || string(f.Text) != `{"b":1}` || f.Fault != "" {
		t.Fatalf("behind it: %q, %q, %v", f.Text, f.Fault, err)
	}
	if cap(s.buf) > 512<<10 {
		t.Errorf("the buffer grew to %d", cap(s.buf))
	}
}

type ones struct{}

func (ones) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '1'
	}
	return len(p), nil
}
