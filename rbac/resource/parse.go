package resource

// Options of Parse.
type Options struct {
	// Subresource is the value of --subresource where it was given, even empty:
	// then what follows a / is a name.
	Subresource *string
}

// Target is what a RESOURCE argument means.
type Target struct {
	Path     string   // a URL; the others are empty
	Resource Resource // Name and Group may be "*"
	Sub      string
	Name     string
	// Others are resources of other groups that the same word could mean.
	Others []Resource
	// Assumed: the table does not know the resource; it was taken as written.
	Assumed bool
}
