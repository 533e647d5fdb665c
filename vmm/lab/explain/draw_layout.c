/* Geometry of a grid. */
#include "vmm/lab/explain/draw_layout.h"

#define HEADER_HEIGHT 32
/* Below a row's boxes: the detour, its caption, the way down. */
#define BELOW_BOXES 34
#define BOX_MAX_WIDTH 200
#define BOX_MAX_HEIGHT 76

void draw_layout_make(struct draw_layout *l, const struct svg_box *area, uint32_t guest_levels,
		      uint32_t host_levels)
{
	int gap, room;

	*l = (struct draw_layout){ .area = *area, .rows = guest_levels + 1, .columns = host_levels };
	l->narrow = area->width < SVG_WIDTH * 2 / 3;
	gap = l->narrow ? 8 : 16;
	l->label_width = l->narrow ? 66 : 120;
	l->guest_width = l->narrow ? 168 : 250;
	l->lane_x = area->x + l->label_width + 4;
	l->host_x = l->lane_x + (l->narrow ? 16 : 26);
	l->guest_x = area->x + area->width - l->guest_width;
	if (host_levels != 0) {
		room = l->guest_x - l->host_x;
		l->host_pitch = room / (int)host_levels;
		l->host_width = l->host_pitch - gap;
		if (l->host_width > BOX_MAX_WIDTH) {
			l->host_width = BOX_MAX_WIDTH;
			l->host_pitch = BOX_MAX_WIDTH + gap;
			l->guest_x = l->host_x + l->host_pitch * (int)host_levels;
		}
	} else {
		l->guest_x = l->host_x;
	}
	l->first_y = area->y + HEADER_HEIGHT;
	l->row_pitch = (area->height - HEADER_HEIGHT) / (int)l->rows;
	l->box_height = l->row_pitch - BELOW_BOXES;
	if (l->box_height > BOX_MAX_HEIGHT)
		l->box_height = BOX_MAX_HEIGHT;
}

struct svg_box draw_layout_host(const struct draw_layout *l, uint32_t row, uint32_t column)
{
	return (struct svg_box){ l->host_x + l->host_pitch * (int)column,
				 l->first_y + l->row_pitch * (int)row, l->host_width, l->box_height };
}

struct svg_box draw_layout_guest(const struct draw_layout *l, uint32_t row)
{
	return (struct svg_box){ l->guest_x, l->first_y + l->row_pitch * (int)row, l->guest_width,
				 l->box_height };
}

int draw_layout_line(const struct svg_box *box, int line)
{
	return box->y + 15 + line * (box->height - 20) / 3;
}

int draw_layout_middle(const struct draw_layout *l, uint32_t row)
{
	return l->first_y + l->row_pitch * (int)row + l->box_height / 2;
}

static int bottom(const struct draw_layout *l, uint32_t row)
{
	return l->first_y + l->row_pitch * (int)row + l->box_height;
}

int draw_layout_detour(const struct draw_layout *l, uint32_t row)
{
	return bottom(l, row) + 6;
}

int draw_layout_caption(const struct draw_layout *l, uint32_t row)
{
	return bottom(l, row) + 19;
}

int draw_layout_way_down(const struct draw_layout *l, uint32_t row)
{
	return bottom(l, row) + 26;
}
