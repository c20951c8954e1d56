#include <iostream>

#include "kit/kit.h"

int main(int argc, char** argv) { return kinode::kit::run({argv, argv + argc}, {std::cout, std::cerr}); }
