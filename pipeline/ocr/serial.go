package ocr

// #cgo LDFLAGS: -ldl
// #define _GNU_SOURCE
// #include <dlfcn.h>
//
// // tesseract opens an OpenMP region for every step of its network along a line, some
// // ten thousand times a page. A reader has one thread (OMP_THREAD_LIMIT=1), yet GNU's
// // OpenMP makes a team for each region, and wakes its members by a call of the kernel
// // though there are none: some hundred thousand of them for a page. The dynamic linker
// // takes the program's functions before the library's, so that a region is a call here
// // and its sections come one after the other. This is the interface that compilers use
// // (GCC's libgomp, "Implementing PARALLEL construct" and "Implementing SECTIONS
// // construct"; LLVM's OpenMP has the same one for GCC's code). What is not here goes to
// // the library as before, which outside of its own regions takes one thread likewise.
// //
// // Regions may lie in sections of others, so the outer's place is kept over the inner.
// static __thread unsigned sections, section;
//
// void GOMP_parallel(void (*region)(void *), void *data, unsigned threads, unsigned flags) {
//   region(data);
// }
//
// void GOMP_parallel_sections(void (*region)(void *), void *data, unsigned threads, unsigned count, unsigned flags) {
//   const unsigned outer_sections = sections, outer_section = section;
//   sections = count;
//   section = 0;
//   region(data);
//   sections = outer_sections;
//   section = outer_section;
// }
//
// unsigned GOMP_sections_next(void) { return section < sections ? ++section : 0; }
//
// void GOMP_sections_end_nowait(void) {}
//
// int omp_get_num_threads(void) { return 1; }
//
// int omp_get_thread_num(void) { return 0; }
//
// // What a compiler makes of three sections, the second of which holds two more, and
// // writes down the order in which they are taken.
// struct walk { char order[8]; int taken; };
//
// static void inner_region(void *data) {
//   struct walk *w = data;
//   for (unsigned s = GOMP_sections_next(); s != 0; s = GOMP_sections_next()) w->order[w->taken++] = 'a' + s - 1;
//   GOMP_sections_end_nowait();
// }
//
// static void outer_region(void *data) {
//   struct walk *w = data;
//   for (unsigned s = GOMP_sections_next(); s != 0; s = GOMP_sections_next()) {
//     w->order[w->taken++] = '1' + s - 1;
//     if (s == 2) GOMP_parallel_sections(inner_region, w, 0, 2, 0);
//   }
//   GOMP_sections_end_nowait();
// }
//
// static struct walk walk_sections(void) {
//   struct walk w = {"", 0};
//   GOMP_parallel_sections(outer_region, &w, 0, 3, 0);
//   return w;
// }
//
// // Whether a library that asks for the name gets the program's function.
// static int taken_first(const char *name, void *own) {
//   return dlsym(RTLD_DEFAULT, name) == own;
// }
//
// static int all_taken_first(void) {
//   return taken_first("GOMP_parallel", GOMP_parallel)
//     && taken_first("GOMP_parallel_sections", GOMP_parallel_sections)
//     && taken_first("GOMP_sections_next", GOMP_sections_next)
//     && taken_first("GOMP_sections_end_nowait", GOMP_sections_end_nowait);
// }
import "C"

// sectionsTaken gives the order in which sections in sections are taken, and whether
// tesseract's regions come here at all: with a linker that hides the program's
// functions reading would be right, and a tenth dearer.
func sectionsTaken() (order string, here bool) {
	w := C.walk_sections()
	return C.GoString(&w.order[0]), C.all_taken_first() != 0
}
