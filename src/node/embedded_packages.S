// The bundle of shipped packages as bytes of the program.
    .section .rodata
    .balign 16
    .global kinode_embedded_packages
    .global kinode_embedded_packages_end
kinode_embedded_packages:
    .incbin KINODE_BUNDLE
kinode_embedded_packages_end:
    .byte 0
    .section .note.GNU-stack,"",%progbits
