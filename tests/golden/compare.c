/* How far two PNG pictures of one size differ: mean difference of a channel, and the share of pixels
 * of which a channel differs by more than three eighths, both after averaging blocks of four by four, so
 * that the edges of letters, which every program smooths in its own way, weigh little. */
#include <cairo.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define BLOCK 4
#define FAR 96

static cairo_surface_t *load(const char *path)
{
    cairo_surface_t *surface = cairo_image_surface_create_from_png(path);
    if (cairo_surface_status(surface) != CAIRO_STATUS_SUCCESS) {
        (void) fprintf(stderr, "%s: %s\n", path,
                       cairo_status_to_string(cairo_surface_status(surface)));
        exit(EXIT_FAILURE);
    }
    cairo_surface_flush(surface);
    return surface;
}

/* Sum of one channel over a block. */
static int block_sum(cairo_surface_t *surface, int x, int y, int channel)
{
    const unsigned char *data = cairo_image_surface_get_data(surface);
    const int stride = cairo_image_surface_get_stride(surface);
    int sum = 0;
    for (int row = y; row < y + BLOCK; row++) {
        for (int column = x; column < x + BLOCK; column++) {
            sum += data[row * stride + column * 4 + channel];
        }
    }
    return sum;
}

static void compare(cairo_surface_t *one, cairo_surface_t *other, int width, int height)
{
    long blocks = 0;
    long far_apart = 0;
    double total = 0.0;
    for (int y = 0; y + BLOCK <= height; y += BLOCK) {
        for (int x = 0; x + BLOCK <= width; x += BLOCK) {
            int worst = 0;
            for (int channel = 0; channel < 3; channel++) {
                const int apart =
                    abs(block_sum(one, x, y, channel) - block_sum(other, x, y, channel));
                worst = apart > worst ? apart : worst;
                total += apart / (double) (BLOCK * BLOCK);
            }
            far_apart += worst > BLOCK * BLOCK * FAR ? 1 : 0;
            blocks++;
        }
    }
    (void) printf("%.4f %.6f\n", total / (3.0 * (double) blocks),
                  (double) far_apart / (double) blocks);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        return EXIT_FAILURE;
    }
    cairo_surface_t *one = load(argv[1]);
    cairo_surface_t *other = load(argv[2]);
    const int width = cairo_image_surface_get_width(one);
    const int height = cairo_image_surface_get_height(one);
    if (width != cairo_image_surface_get_width(other) ||
        height != cairo_image_surface_get_height(other)) {
        (void) fprintf(stderr, "the pictures differ in size\n");
        return EXIT_FAILURE;
    }
    compare(one, other, width, height);
    cairo_surface_destroy(one);
    cairo_surface_destroy(other);
    return EXIT_SUCCESS;
}
