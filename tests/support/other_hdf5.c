// Preloaded: HDF5 says that it is another version, as on a host where another module was loaded.
int H5get_libversion(unsigned* major, unsigned* minor, unsigned* release) {
  *major = 1;
  *minor = 8;
  *release = 5;
  return 0;
}
