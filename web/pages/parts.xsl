<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:m="urn:inkan:messages"
                xmlns:i="urn:inkan:functions" exclude-result-prefixes="m i">

    <!-- What several pages are made of. -->

    <xsl:template name="csrf"><input type="hidden" name="csrf" value="{$csrf}"/></xsl:template>

    <xsl:template name="form-key">
        <xsl:param name="key"/>
        <xsl:if test="$key != ''"><input type="hidden" name="form_key" value="{$key}"/></xsl:if>
    </xsl:template>

    <!-- One act of a request as a form of one button. -->
    <xsl:template name="act">
        <xsl:param name="number" select="@number"/>
        <xsl:param name="act"/>
        <xsl:param name="key"/>
        <xsl:param name="class"/>
        <xsl:param name="words"/>
        <form method="post" action="/certificates/{$number}/{$act}">
            <xsl:call-template name="csrf"/>
            <xsl:call-template name="form-key"><xsl:with-param name="key" select="$key"/></xsl:call-template>
            <button type="submit" class="{$class}"><xsl:copy-of select="$words"/></button>
        </form>
    </xsl:template>

    <!-- 'back' above the title. -->
    <xsl:template name="back">
        <xsl:param name="href" select="'/certificates'"/>
        <xsl:param name="words"><m:t k="back.list"/></xsl:param>
        <p class="back"><a href="{$href}"><xsl:copy-of select="$words"/></a></p>
    </xsl:template>

    <xsl:template name="back-to-request">
        <p class="back"><a href="/certificates/{request/@number}"><m:t k="back.request" number="request/@number"/></a></p>
    </xsl:template>

    <xsl:template name="day">
        <xsl:param name="at"/>
        <time datetime="{$at}"><xsl:value-of select="i:day($at)"/></time>
    </xsl:template>

    <xsl:template name="moment">
        <xsl:param name="at"/>
        <time datetime="{$at}"><xsl:value-of select="i:moment($at)"/></time>
    </xsl:template>

    <!-- The state of a request as shape and word; the shapes stand once a page, in "shapes". -->
    <xsl:template name="state">
        <span class="state state-{@state}">
            <svg class="shape" width="20" height="20" aria-hidden="true"><use href="#s-{@state}"/></svg>
            <xsl:value-of select="i:message('state.', @state)"/>
        </span>
    </xsl:template>

    <xsl:template name="shapes">
        <svg class="shapes" width="0" height="0" aria-hidden="true" focusable="false">
            <symbol id="s-applied" viewBox="0 0 20 20"><circle cx="10" cy="10" r="7.5" class="ring"/><path d="M10 5.5V10l3 2" class="stroke"/></symbol>
            <symbol id="s-approval" viewBox="0 0 20 20"><circle cx="10" cy="10" r="7.5" class="ring"/><path d="M6.2 10h.01M10 10h.01M13.8 10h.01" class="dots"/></symbol>
            <symbol id="s-ready" viewBox="0 0 20 20"><rect x="1.5" y="4" width="17" height="12" rx="2" class="fill"/><path d="m3 6 7 5 7-5" class="cut"/></symbol>
            <symbol id="s-collected" viewBox="0 0 20 20"><circle cx="10" cy="10" r="8.5" class="fill"/><path d="m6 10.2 2.8 2.8L14 7.4" class="cut"/></symbol>
            <symbol id="s-renewing" viewBox="0 0 20 20"><path d="M16.5 10A6.5 6.5 0 1 1 14 4.9M14.4 1.6V5.4H10.6" class="stroke"/></symbol>
            <symbol id="s-renew_ready" viewBox="0 0 20 20"><rect x="1.5" y="4" width="17" height="12" rx="2" class="fill"/><path d="m3 6 7 5 7-5" class="cut"/></symbol>
            <symbol id="s-revoking" viewBox="0 0 20 20"><circle cx="10" cy="10" r="7.5" class="ring"/><path d="m5 15 10-10" class="stroke"/></symbol>
            <symbol id="s-revoked" viewBox="0 0 20 20"><circle cx="10" cy="10" r="8.5" class="fill"/><path d="m6.8 6.8 6.4 6.4m0-6.4-6.4 6.4" class="cut"/></symbol>
            <symbol id="s-expired" viewBox="0 0 20 20"><path d="M5 2h10M5 18h10M6 2v3.5l4 4.5 4-4.5V2M6 18v-3.5l4-4.5 4 4.5V18" class="stroke"/></symbol>
            <symbol id="s-refused" viewBox="0 0 20 20"><rect x="2" y="2" width="16" height="16" rx="2" class="ring"/><path d="M6 10h8" class="stroke"/></symbol>
            <symbol id="s-lapsed" viewBox="0 0 20 20"><circle cx="10" cy="10" r="7.5" class="ring dashed"/><path d="M6.5 10h7" class="stroke"/></symbol>
        </svg>
    </xsl:template>

    <!-- A life as a bar: what is over, what is left, today's mark. The words beside it say the same. -->
    <xsl:template name="life">
        <xsl:param name="life" select="i:life(@not-before, @not-after, $now)"/>
        <svg class="life" viewBox="0 0 100 6" preserveAspectRatio="none" width="100" height="6" aria-hidden="true">
            <rect class="life-left" width="100" height="6"/>
            <rect class="life-over" width="{$life}" height="6"/>
            <rect class="life-today" x="{$life - 1}" width="2" height="6"/>
        </svg>
    </xsl:template>

    <!-- 'n days left' for @not-after. -->
    <xsl:template name="days-left">
        <xsl:param name="until" select="@not-after"/>
        <xsl:variable name="days" select="i:days($now, $until)"/>
        <xsl:choose>
            <xsl:when test="$days &gt; 1"><m:t k="days.left" days="$days"/></xsl:when>
            <xsl:when test="$days = 1"><m:t k="days.tomorrow"/></xsl:when>
            <xsl:when test="$days = 0"><m:t k="days.today"/></xsl:when>
            <xsl:otherwise><m:t k="days.over"/></xsl:otherwise>
        </xsl:choose>
    </xsl:template>

    <!-- What type, with its months; memo if any: how people tell their certificates apart. -->
    <xsl:template name="what">
        <span class="type"><xsl:value-of select="i:message('type.', @type)"/><span class="months"><m:t k="months.short" months="@months"/></span></span>
    </xsl:template>

    <!-- A refused field: on top as a summary that leads to the field, and beside the field. -->
    <xsl:template match="problem" mode="summary">
        <div class="problem" role="alert" tabindex="-1">
            <h2><m:t k="problem.title"/></h2>
            <p><a href="#{@field}"><xsl:apply-templates select="." mode="words"/></a></p>
        </div>
    </xsl:template>
    <xsl:template match="problem" mode="beside">
        <p class="field-problem" id="{@field}-problem"><xsl:call-template name="icon-warn"/><span><xsl:apply-templates select="." mode="words"/></span></p>
    </xsl:template>
    <xsl:template match="problem[@field='pin']" mode="words">
        <m:t k="problem.pin.{@rule}" left="@left"/>
    </xsl:template>
    <xsl:template match="problem[@field='password']" mode="words">
        <m:t k="problem.password.{@rule}" shortest="../password/@shortest" longest="../password/@longest" kinds="../password/@kinds"/>
    </xsl:template>
    <xsl:template match="problem[@field='memo']" mode="words"><m:t k="problem.memo" limit="@limit"/></xsl:template>
    <xsl:template match="problem[@field='reason']" mode="words"><m:t k="problem.reason"/></xsl:template>
    <xsl:template match="problem[@field='file']" mode="words"><m:t k="problem.file"/></xsl:template>
    <xsl:template match="problem" mode="words"><m:t k="problem.other"/></xsl:template>

    <!-- What was just done; a word that is not known says nothing. -->
    <xsl:template name="notice">
        <xsl:if test="@notice != '' and i:has('notice.', @notice)">
            <div class="notice" role="status">
                <xsl:call-template name="icon-done"/>
                <p><xsl:value-of select="i:message('notice.', @notice)"/></p>
            </div>
        </xsl:if>
    </xsl:template>

    <!-- Text to copy; the button comes with the script. -->
    <xsl:template name="copy">
        <xsl:param name="id"/>
        <button type="button" class="copy" hidden="hidden" data-copy="{$id}" m:data-done="copy.done"><m:t k="copy"/></button>
    </xsl:template>

    <!-- Small pictures beside words; they say nothing of their own. -->
    <xsl:template name="icon-person"><svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true"><circle cx="10" cy="6.5" r="3.5" class="stroke"/><path d="M3 18c.6-4 3.4-6 7-6s6.4 2 7 6" class="stroke"/></svg></xsl:template>
    <xsl:template name="icon-note"><svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true"><circle cx="10" cy="10" r="8" class="stroke"/><path d="M10 9v5M10 6v.01" class="stroke"/></svg></xsl:template>
    <xsl:template name="icon-warn"><svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true"><path d="M10 2 1.5 17.5h17z" class="stroke"/><path d="M10 8v4.5M10 15v.01" class="stroke"/></svg></xsl:template>
    <xsl:template name="icon-done"><svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true"><circle cx="10" cy="10" r="8" class="stroke"/><path d="m6 10.2 2.8 2.8L14 7.4" class="stroke"/></svg></xsl:template>
    <xsl:template name="icon-client"><svg class="icon big" viewBox="0 0 32 32" width="32" height="32" aria-hidden="true"><rect x="5" y="6" width="22" height="15" rx="2" class="stroke"/><path d="M2 25h28M12.5 13.5a5 5 0 0 1 7 0M10.5 11.2a8 8 0 0 1 11 0M16 16.5v.01" class="stroke"/></svg></xsl:template>
    <xsl:template name="icon-smime"><svg class="icon big" viewBox="0 0 32 32" width="32" height="32" aria-hidden="true"><path d="M27 15V9a2 2 0 0 0-2-2H5a2 2 0 0 0-2 2v13a2 2 0 0 0 2 2h11" class="stroke"/><path d="m3.5 9 11.5 8L26.5 9M19.5 22.5h9V28h-9zM21.5 22.5V20a2.5 2.5 0 0 1 5 0v2.5" class="stroke"/></svg></xsl:template>
</xsl:stylesheet>
