package funcs

// hashes are the digests, of any value by its text, and the 64-bit hash, which
// is of the bytes of a string or the eight of a long or a time.
func hashes() []Func {
	digest := func(name string) Func {
		return Func{Name: name, Overloads: []Overload{sig("string -> string", Never).texts()}}
	}
	xx := func(name string) Func {
		f := Func{Name: name}
		for _, t := range [][2]string{{"string", "string"}, {"long", "long"}, {"datetime", "long"}, {"timespan", "long"}} {
			f = f.over(sig(t[0]+" long -> long", Maybe).with(nil).as("hash_xxhash64." + t[1]))
		}
		return f
	}
	return []Func{digest("hash_md5"), digest("hash_sha1"), digest("hash_sha256"), xx("hash"), xx("hash_xxhash64")}
}
